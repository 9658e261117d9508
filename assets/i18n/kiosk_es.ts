<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="es_ES" sourcelanguage="en_GB">
<context>
    <name>Kiosk</name>
    <message>
        <source>Welcome</source>
        <translation>Bienvenido</translation>
    </message>
    <message>
        <source>Stand about 70 cm away and look at the screen.</source>
        <translation>Colóquese a unos 70 cm y mire a la pantalla.</translation>
    </message>
    <message>
        <source>One moment…</source>
        <translation>Un momento…</translation>
    </message>
    <message>
        <source>Hello, {0}</source>
        <translation>Hola, {0}</translation>
    </message>
    <message>
        <source>Good to see you.</source>
        <translation>Me alegra verle.</translation>
    </message>
    <message>
        <source>I do not know you</source>
        <translation>No le conozco</translation>
    </message>
    <message>
        <source>Would you like to be enrolled? It takes less than a minute.</source>
        <translation>¿Quiere registrarse? Tarda menos de un minuto.</translation>
    </message>
    <message>
        <source>Show your own face</source>
        <translation>Muestre su propia cara</translation>
    </message>
    <message>
        <source>This does not look like a live face.</source>
        <translation>Esto no parece una cara viva.</translation>
    </message>
    <message>
        <source>Enrol me</source>
        <translation>Registrarme</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Idioma</translation>
    </message>
    <message>
        <source>Leave the kiosk</source>
        <translation>Salir del quiosco</translation>
    </message>
    <message>
        <source>Do you agree?</source>
        <translation>¿Está de acuerdo?</translation>
    </message>
    <message>
        <source>This device measures the shape of your face and recognises you by it when you come back.</source>
        <translation>Este aparato mide la forma de su cara y así le reconoce cuando vuelva.</translation>
    </message>
    <message>
        <source>Stored, encrypted, on this device: your name and the measurements of your face. No photograph.</source>
        <translation>Se guardan, cifrados, en este aparato: su nombre y las medidas de su cara. Ninguna foto.</translation>
    </message>
    <message>
        <source>Also stored, encrypted: the depth pictures they are made from.</source>
        <translation>También se guardan, cifradas, las imágenes de profundidad de las que proceden.</translation>
    </message>
    <message>
        <source>It is erased by itself on {0}, and earlier whenever you ask the staff.</source>
        <translation>Todo se borra por sí solo el {0}, y antes cuando usted se lo pida al personal.</translation>
    </message>
    <message>
        <source>You are free to decline. Nothing is stored before the last step.</source>
        <translation>Puede negarse. Nada se guarda antes del último paso.</translation>
    </message>
    <message>
        <source>Text {0}</source>
        <translation>Texto {0}</translation>
    </message>
    <message>
        <source>I agree</source>
        <translation>Acepto</translation>
    </message>
    <message>
        <source>I decline</source>
        <translation>No acepto</translation>
    </message>
    <message>
        <source>What is your name?</source>
        <translation>¿Cómo se llama?</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>Siguiente</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Cancelar</translation>
    </message>
    <message>
        <source>Somebody has this name already. Add your family name.</source>
        <translation>Este nombre ya existe. Añada su apellido.</translation>
    </message>
    <message>
        <source>Type your name first.</source>
        <translation>Escriba primero su nombre.</translation>
    </message>
    <message>
        <source>This name is too long or has signs that cannot be stored.</source>
        <translation>Este nombre es demasiado largo o tiene signos que no se pueden guardar.</translation>
    </message>
    <message>
        <source>Space</source>
        <translation>Espacio</translation>
    </message>
    <message>
        <source>Stand in front of the camera</source>
        <translation>Colóquese delante de la cámara</translation>
    </message>
    <message>
        <source>Follow the arrow</source>
        <translation>Siga la flecha</translation>
    </message>
    <message>
        <source>Look at me once more</source>
        <translation>Míreme una vez más</translation>
    </message>
    <message>
        <source>Directions: {0} of {1}</source>
        <translation>Direcciones: {0} de {1}</translation>
    </message>
    <message>
        <source>Quality of the picture</source>
        <translation>Calidad de la imagen</translation>
    </message>
    <message>
        <source>Complete</source>
        <translation>Completa</translation>
    </message>
    <message>
        <source>Calm</source>
        <translation>Nítida</translation>
    </message>
    <message>
        <source>Direction</source>
        <translation>Dirección</translation>
    </message>
    <message>
        <source>Distance</source>
        <translation>Distancia</translation>
    </message>
    <message>
        <source>Uncovered</source>
        <translation>Despejada</translation>
    </message>
    <message>
        <source>Relief</source>
        <translation>Relieve</translation>
    </message>
    <message>
        <source>Look straight at the screen</source>
        <translation>Mire de frente a la pantalla</translation>
    </message>
    <message>
        <source>Turn your head a little to your left</source>
        <translation>Gire un poco la cabeza a su izquierda</translation>
    </message>
    <message>
        <source>Turn your head a little to your right</source>
        <translation>Gire un poco la cabeza a su derecha</translation>
    </message>
    <message>
        <source>Look up a little</source>
        <translation>Mire un poco hacia arriba</translation>
    </message>
    <message>
        <source>Look down a little</source>
        <translation>Mire un poco hacia abajo</translation>
    </message>
    <message>
        <source>Too near: take a step back</source>
        <translation>Demasiado cerca: dé un paso atrás</translation>
    </message>
    <message>
        <source>Too far: come closer</source>
        <translation>Demasiado lejos: acérquese</translation>
    </message>
    <message>
        <source>Move to the middle</source>
        <translation>Colóquese en el centro</translation>
    </message>
    <message>
        <source>Something covers your face</source>
        <translation>Algo le tapa la cara</translation>
    </message>
    <message>
        <source>Turn to the screen</source>
        <translation>Vuélvase hacia la pantalla</translation>
    </message>
    <message>
        <source>Hold still</source>
        <translation>No se mueva</translation>
    </message>
    <message>
        <source>Come into the picture</source>
        <translation>Entre en la imagen</translation>
    </message>
    <message>
        <source>One person at a time, please</source>
        <translation>De uno en uno, por favor</translation>
    </message>
    <message>
        <source>You are already enrolled as {0}</source>
        <translation>Ya está registrado como {0}</translation>
    </message>
    <message>
        <source>If that is somebody else, the staff can let you go on.</source>
        <translation>Si es otra persona, el personal puede dejarle continuar.</translation>
    </message>
    <message>
        <source>That is me</source>
        <translation>Soy yo</translation>
    </message>
    <message>
        <source>That is not me</source>
        <translation>No soy yo</translation>
    </message>
    <message>
        <source>Thank you, {0}</source>
        <translation>Gracias, {0}</translation>
    </message>
    <message>
        <source>You are enrolled, and I have recognised you. Look again whenever you like.</source>
        <translation>Está registrado y le he reconocido. Vuelva cuando quiera.</translation>
    </message>
    <message>
        <source>That did not work</source>
        <translation>No ha funcionado</translation>
    </message>
    <message>
        <source>I could not see all directions of your face. Nothing was stored.</source>
        <translation>No he podido ver su cara desde todos los lados. No se ha guardado nada.</translation>
    </message>
    <message>
        <source>I could not recognise you afterwards. Nothing was stored.</source>
        <translation>Después no he podido reconocerle. No se ha guardado nada.</translation>
    </message>
    <message>
        <source>It could not be stored. Please call the staff.</source>
        <translation>No se ha podido guardar. Llame al personal, por favor.</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Otra vez</translation>
    </message>
    <message>
        <source>Closed for a moment</source>
        <translation>Cerrado un momento</translation>
    </message>
    <message>
        <source>Too often something other than a face was shown. I look again in {0} seconds.</source>
        <translation>Se ha mostrado demasiadas veces algo que no es una cara. Vuelvo a mirar en {0} segundos.</translation>
    </message>
    <message>
        <source>I cannot see</source>
        <translation>No veo nada</translation>
    </message>
    <message>
        <source>The camera does not answer. I try again by myself.</source>
        <translation>La cámara no responde. Lo sigo intentando.</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>Iniciando…</translation>
    </message>
    <message>
        <source>Faces cannot be recognised at present. Please call the staff.</source>
        <translation>Ahora no se pueden reconocer caras. Llame al personal, por favor.</translation>
    </message>
    <message>
        <source>Still there? Back to the start in {0} seconds.</source>
        <translation>¿Sigue ahí? Vuelta al inicio en {0} segundos.</translation>
    </message>
    <message>
        <source>PIN of the administrator</source>
        <translation>PIN del administrador</translation>
    </message>
    <message>
        <source>PIN of the staff</source>
        <translation>PIN del personal</translation>
    </message>
    <message>
        <source>This PIN is not right.</source>
        <translation>Este PIN no es correcto.</translation>
    </message>
    <message>
        <source>Too many wrong PINs. Wait before the next.</source>
        <translation>Demasiados PIN erróneos. Espere antes del siguiente.</translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation>Desbloquear</translation>
    </message>
    <message>
        <source>No PIN is set</source>
        <translation>No hay ningún PIN</translation>
    </message>
    <message>
        <source>Anybody may leave the kiosk. Set a PIN with: depthface gallery pin administrator</source>
        <translation>Cualquiera puede salir del quiosco. Ponga un PIN con: depthface gallery pin administrator</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Atrás</translation>
    </message>
</context>
</TS>

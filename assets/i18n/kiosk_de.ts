<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE" sourcelanguage="en_GB">
<context>
    <name>Kiosk</name>
    <message>
        <source>Welcome</source>
        <translation>Willkommen</translation>
    </message>
    <message>
        <source>Stand about 70 cm away and look at the screen.</source>
        <translation>Stellen Sie sich etwa 70 cm entfernt hin und schauen Sie auf den Bildschirm.</translation>
    </message>
    <message>
        <source>One moment…</source>
        <translation>Einen Moment …</translation>
    </message>
    <message>
        <source>Hello, {0}</source>
        <translation>Hallo, {0}</translation>
    </message>
    <message>
        <source>Good to see you.</source>
        <translation>Schön, Sie zu sehen.</translation>
    </message>
    <message>
        <source>I do not know you</source>
        <translation>Ich kenne Sie nicht</translation>
    </message>
    <message>
        <source>Would you like to be enrolled? It takes less than a minute.</source>
        <translation>Möchten Sie aufgenommen werden? Es dauert keine Minute.</translation>
    </message>
    <message>
        <source>Show your own face</source>
        <translation>Zeigen Sie Ihr eigenes Gesicht</translation>
    </message>
    <message>
        <source>This does not look like a live face.</source>
        <translation>Das sieht nicht nach einem lebenden Gesicht aus.</translation>
    </message>
    <message>
        <source>Enrol me</source>
        <translation>Mich aufnehmen</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Leave the kiosk</source>
        <translation>Kiosk verlassen</translation>
    </message>
    <message>
        <source>Do you agree?</source>
        <translation>Sind Sie einverstanden?</translation>
    </message>
    <message>
        <source>This device measures the shape of your face and recognises you by it when you come back.</source>
        <translation>Dieses Gerät misst die Form Ihres Gesichts und erkennt Sie daran wieder.</translation>
    </message>
    <message>
        <source>Stored, encrypted, on this device: your name and the measurements of your face. No photograph.</source>
        <translation>Gespeichert werden, verschlüsselt, auf diesem Gerät: Ihr Name und die Maße Ihres Gesichts. Kein Foto.</translation>
    </message>
    <message>
        <source>Also stored, encrypted: the depth pictures they are made from.</source>
        <translation>Ebenfalls verschlüsselt gespeichert: die Tiefenbilder, aus denen sie gewonnen werden.</translation>
    </message>
    <message>
        <source>It is erased by itself on {0}, and earlier whenever you ask the staff.</source>
        <translation>Am {0} wird alles von selbst gelöscht, auf Wunsch beim Personal auch jederzeit früher.</translation>
    </message>
    <message>
        <source>You are free to decline. Nothing is stored before the last step.</source>
        <translation>Sie dürfen ablehnen. Vor dem letzten Schritt wird nichts gespeichert.</translation>
    </message>
    <message>
        <source>Text {0}</source>
        <translation>Text {0}</translation>
    </message>
    <message>
        <source>I agree</source>
        <translation>Ich bin einverstanden</translation>
    </message>
    <message>
        <source>I decline</source>
        <translation>Ich lehne ab</translation>
    </message>
    <message>
        <source>What is your name?</source>
        <translation>Wie heißen Sie?</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>Weiter</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Somebody has this name already. Add your family name.</source>
        <translation>Diesen Namen gibt es schon. Fügen Sie Ihren Nachnamen hinzu.</translation>
    </message>
    <message>
        <source>Type your name first.</source>
        <translation>Geben Sie zuerst Ihren Namen ein.</translation>
    </message>
    <message>
        <source>This name is too long or has signs that cannot be stored.</source>
        <translation>Dieser Name ist zu lang oder hat Zeichen, die nicht gespeichert werden können.</translation>
    </message>
    <message>
        <source>Space</source>
        <translation>Leerzeichen</translation>
    </message>
    <message>
        <source>Stand in front of the camera</source>
        <translation>Stellen Sie sich vor die Kamera</translation>
    </message>
    <message>
        <source>Follow the arrow</source>
        <translation>Folgen Sie dem Pfeil</translation>
    </message>
    <message>
        <source>Look at me once more</source>
        <translation>Schauen Sie mich noch einmal an</translation>
    </message>
    <message>
        <source>Directions: {0} of {1}</source>
        <translation>Richtungen: {0} von {1}</translation>
    </message>
    <message>
        <source>Quality of the picture</source>
        <translation>Güte des Bildes</translation>
    </message>
    <message>
        <source>Complete</source>
        <translation>Vollständig</translation>
    </message>
    <message>
        <source>Calm</source>
        <translation>Ruhig</translation>
    </message>
    <message>
        <source>Direction</source>
        <translation>Richtung</translation>
    </message>
    <message>
        <source>Distance</source>
        <translation>Abstand</translation>
    </message>
    <message>
        <source>Uncovered</source>
        <translation>Unverdeckt</translation>
    </message>
    <message>
        <source>Relief</source>
        <translation>Relief</translation>
    </message>
    <message>
        <source>Look straight at the screen</source>
        <translation>Schauen Sie gerade auf den Bildschirm</translation>
    </message>
    <message>
        <source>Turn your head a little to your left</source>
        <translation>Drehen Sie den Kopf etwas nach links</translation>
    </message>
    <message>
        <source>Turn your head a little to your right</source>
        <translation>Drehen Sie den Kopf etwas nach rechts</translation>
    </message>
    <message>
        <source>Look up a little</source>
        <translation>Schauen Sie etwas nach oben</translation>
    </message>
    <message>
        <source>Look down a little</source>
        <translation>Schauen Sie etwas nach unten</translation>
    </message>
    <message>
        <source>Too near: take a step back</source>
        <translation>Zu nah: einen Schritt zurück</translation>
    </message>
    <message>
        <source>Too far: come closer</source>
        <translation>Zu weit weg: kommen Sie näher</translation>
    </message>
    <message>
        <source>Move to the middle</source>
        <translation>Kommen Sie in die Mitte</translation>
    </message>
    <message>
        <source>Something covers your face</source>
        <translation>Etwas verdeckt Ihr Gesicht</translation>
    </message>
    <message>
        <source>Turn to the screen</source>
        <translation>Wenden Sie sich zum Bildschirm</translation>
    </message>
    <message>
        <source>Hold still</source>
        <translation>Bitte stillhalten</translation>
    </message>
    <message>
        <source>Come into the picture</source>
        <translation>Treten Sie ins Bild</translation>
    </message>
    <message>
        <source>One person at a time, please</source>
        <translation>Bitte einer nach dem anderen</translation>
    </message>
    <message>
        <source>You are already enrolled as {0}</source>
        <translation>Sie sind schon als {0} aufgenommen</translation>
    </message>
    <message>
        <source>If that is somebody else, the staff can let you go on.</source>
        <translation>Ist das jemand anderes, kann das Personal Sie weiterlassen.</translation>
    </message>
    <message>
        <source>That is me</source>
        <translation>Das bin ich</translation>
    </message>
    <message>
        <source>That is not me</source>
        <translation>Das bin ich nicht</translation>
    </message>
    <message>
        <source>Thank you, {0}</source>
        <translation>Danke, {0}</translation>
    </message>
    <message>
        <source>You are enrolled, and I have recognised you. Look again whenever you like.</source>
        <translation>Sie sind aufgenommen, und ich habe Sie wiedererkannt. Schauen Sie wieder vorbei.</translation>
    </message>
    <message>
        <source>That did not work</source>
        <translation>Das hat nicht geklappt</translation>
    </message>
    <message>
        <source>I could not see all directions of your face. Nothing was stored.</source>
        <translation>Ich konnte Ihr Gesicht nicht aus allen Richtungen sehen. Nichts wurde gespeichert.</translation>
    </message>
    <message>
        <source>I could not recognise you afterwards. Nothing was stored.</source>
        <translation>Ich konnte Sie danach nicht wiedererkennen. Nichts wurde gespeichert.</translation>
    </message>
    <message>
        <source>It could not be stored. Please call the staff.</source>
        <translation>Es konnte nicht gespeichert werden. Bitte rufen Sie das Personal.</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal</translation>
    </message>
    <message>
        <source>Closed for a moment</source>
        <translation>Vorübergehend geschlossen</translation>
    </message>
    <message>
        <source>Too often something other than a face was shown. I look again in {0} seconds.</source>
        <translation>Zu oft wurde etwas anderes als ein Gesicht gezeigt. In {0} Sekunden schaue ich wieder hin.</translation>
    </message>
    <message>
        <source>I cannot see</source>
        <translation>Ich sehe nichts</translation>
    </message>
    <message>
        <source>The camera does not answer. I try again by myself.</source>
        <translation>Die Kamera antwortet nicht. Ich versuche es von selbst weiter.</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>Es geht gleich los …</translation>
    </message>
    <message>
        <source>Faces cannot be recognised at present. Please call the staff.</source>
        <translation>Gesichter können zurzeit nicht erkannt werden. Bitte rufen Sie das Personal.</translation>
    </message>
    <message>
        <source>Still there? Back to the start in {0} seconds.</source>
        <translation>Noch da? In {0} Sekunden zurück zum Anfang.</translation>
    </message>
    <message>
        <source>PIN of the administrator</source>
        <translation>PIN der Verwaltung</translation>
    </message>
    <message>
        <source>PIN of the staff</source>
        <translation>PIN des Personals</translation>
    </message>
    <message>
        <source>This PIN is not right.</source>
        <translation>Diese PIN stimmt nicht.</translation>
    </message>
    <message>
        <source>Too many wrong PINs. Wait before the next.</source>
        <translation>Zu viele falsche PINs. Warten Sie vor der nächsten.</translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation>Entsperren</translation>
    </message>
    <message>
        <source>No PIN is set</source>
        <translation>Keine PIN ist gesetzt</translation>
    </message>
    <message>
        <source>Anybody may leave the kiosk. Set a PIN with: depthface gallery pin administrator</source>
        <translation>Jeder darf den Kiosk verlassen. Setzen Sie eine PIN mit: depthface gallery pin administrator</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
</context>
</TS>

<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr_FR" sourcelanguage="en_GB">
<context>
    <name>Kiosk</name>
    <message>
        <source>Welcome</source>
        <translation>Bienvenue</translation>
    </message>
    <message>
        <source>Stand about 70 cm away and look at the screen.</source>
        <translation>Placez-vous à environ 70 cm et regardez l’écran.</translation>
    </message>
    <message>
        <source>One moment…</source>
        <translation>Un instant…</translation>
    </message>
    <message>
        <source>Hello, {0}</source>
        <translation>Bonjour, {0}</translation>
    </message>
    <message>
        <source>Good to see you.</source>
        <translation>Ravi de vous voir.</translation>
    </message>
    <message>
        <source>I do not know you</source>
        <translation>Je ne vous connais pas</translation>
    </message>
    <message>
        <source>Would you like to be enrolled? It takes less than a minute.</source>
        <translation>Voulez-vous vous inscrire ? Cela prend moins d’une minute.</translation>
    </message>
    <message>
        <source>Show your own face</source>
        <translation>Montrez votre propre visage</translation>
    </message>
    <message>
        <source>This does not look like a live face.</source>
        <translation>Cela ne ressemble pas à un visage vivant.</translation>
    </message>
    <message>
        <source>Enrol me</source>
        <translation>M’inscrire</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Langue</translation>
    </message>
    <message>
        <source>Leave the kiosk</source>
        <translation>Quitter la borne</translation>
    </message>
    <message>
        <source>Do you agree?</source>
        <translation>Êtes-vous d’accord ?</translation>
    </message>
    <message>
        <source>This device measures the shape of your face and recognises you by it when you come back.</source>
        <translation>Cet appareil mesure la forme de votre visage et vous reconnaît ainsi à votre retour.</translation>
    </message>
    <message>
        <source>Stored, encrypted, on this device: your name and the measurements of your face. No photograph.</source>
        <translation>Sont enregistrés, chiffrés, sur cet appareil : votre nom et les mesures de votre visage. Aucune photo.</translation>
    </message>
    <message>
        <source>Also stored, encrypted: the depth pictures they are made from.</source>
        <translation>Sont aussi enregistrées, chiffrées : les images de profondeur dont elles sont tirées.</translation>
    </message>
    <message>
        <source>It is erased by itself on {0}, and earlier whenever you ask the staff.</source>
        <translation>Tout est effacé automatiquement le {0}, et plus tôt sur simple demande au personnel.</translation>
    </message>
    <message>
        <source>You are free to decline. Nothing is stored before the last step.</source>
        <translation>Vous êtes libre de refuser. Rien n’est enregistré avant la dernière étape.</translation>
    </message>
    <message>
        <source>Text {0}</source>
        <translation>Texte {0}</translation>
    </message>
    <message>
        <source>I agree</source>
        <translation>J’accepte</translation>
    </message>
    <message>
        <source>I decline</source>
        <translation>Je refuse</translation>
    </message>
    <message>
        <source>What is your name?</source>
        <translation>Quel est votre nom ?</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>Continuer</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>Somebody has this name already. Add your family name.</source>
        <translation>Ce nom est déjà pris. Ajoutez votre nom de famille.</translation>
    </message>
    <message>
        <source>Type your name first.</source>
        <translation>Saisissez d’abord votre nom.</translation>
    </message>
    <message>
        <source>This name is too long or has signs that cannot be stored.</source>
        <translation>Ce nom est trop long ou contient des signes qui ne peuvent pas être enregistrés.</translation>
    </message>
    <message>
        <source>Space</source>
        <translation>Espace</translation>
    </message>
    <message>
        <source>Stand in front of the camera</source>
        <translation>Placez-vous devant la caméra</translation>
    </message>
    <message>
        <source>Follow the arrow</source>
        <translation>Suivez la flèche</translation>
    </message>
    <message>
        <source>Look at me once more</source>
        <translation>Regardez-moi encore une fois</translation>
    </message>
    <message>
        <source>Directions: {0} of {1}</source>
        <translation>Directions : {0} sur {1}</translation>
    </message>
    <message>
        <source>Quality of the picture</source>
        <translation>Qualité de l’image</translation>
    </message>
    <message>
        <source>Complete</source>
        <translation>Complet</translation>
    </message>
    <message>
        <source>Calm</source>
        <translation>Net</translation>
    </message>
    <message>
        <source>Direction</source>
        <translation>Direction</translation>
    </message>
    <message>
        <source>Distance</source>
        <translation>Distance</translation>
    </message>
    <message>
        <source>Uncovered</source>
        <translation>Dégagé</translation>
    </message>
    <message>
        <source>Relief</source>
        <translation>Relief</translation>
    </message>
    <message>
        <source>Look straight at the screen</source>
        <translation>Regardez l’écran bien en face</translation>
    </message>
    <message>
        <source>Turn your head a little to your left</source>
        <translation>Tournez un peu la tête à gauche</translation>
    </message>
    <message>
        <source>Turn your head a little to your right</source>
        <translation>Tournez un peu la tête à droite</translation>
    </message>
    <message>
        <source>Look up a little</source>
        <translation>Regardez un peu vers le haut</translation>
    </message>
    <message>
        <source>Look down a little</source>
        <translation>Regardez un peu vers le bas</translation>
    </message>
    <message>
        <source>Too near: take a step back</source>
        <translation>Trop près : reculez d’un pas</translation>
    </message>
    <message>
        <source>Too far: come closer</source>
        <translation>Trop loin : approchez-vous</translation>
    </message>
    <message>
        <source>Move to the middle</source>
        <translation>Mettez-vous au milieu</translation>
    </message>
    <message>
        <source>Something covers your face</source>
        <translation>Quelque chose cache votre visage</translation>
    </message>
    <message>
        <source>Turn to the screen</source>
        <translation>Tournez-vous vers l’écran</translation>
    </message>
    <message>
        <source>Hold still</source>
        <translation>Ne bougez plus</translation>
    </message>
    <message>
        <source>Come into the picture</source>
        <translation>Entrez dans l’image</translation>
    </message>
    <message>
        <source>One person at a time, please</source>
        <translation>Une seule personne à la fois</translation>
    </message>
    <message>
        <source>You are already enrolled as {0}</source>
        <translation>Vous êtes déjà inscrit sous le nom de {0}</translation>
    </message>
    <message>
        <source>If that is somebody else, the staff can let you go on.</source>
        <translation>S’il s’agit de quelqu’un d’autre, le personnel peut vous laisser continuer.</translation>
    </message>
    <message>
        <source>That is me</source>
        <translation>C’est moi</translation>
    </message>
    <message>
        <source>That is not me</source>
        <translation>Ce n’est pas moi</translation>
    </message>
    <message>
        <source>Thank you, {0}</source>
        <translation>Merci, {0}</translation>
    </message>
    <message>
        <source>You are enrolled, and I have recognised you. Look again whenever you like.</source>
        <translation>Vous êtes inscrit, et je vous ai reconnu. Revenez quand vous voulez.</translation>
    </message>
    <message>
        <source>That did not work</source>
        <translation>Cela n’a pas fonctionné</translation>
    </message>
    <message>
        <source>I could not see all directions of your face. Nothing was stored.</source>
        <translation>Je n’ai pas pu voir votre visage de tous les côtés. Rien n’a été enregistré.</translation>
    </message>
    <message>
        <source>I could not recognise you afterwards. Nothing was stored.</source>
        <translation>Je n’ai pas pu vous reconnaître ensuite. Rien n’a été enregistré.</translation>
    </message>
    <message>
        <source>It could not be stored. Please call the staff.</source>
        <translation>L’enregistrement a échoué. Veuillez appeler le personnel.</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Réessayer</translation>
    </message>
    <message>
        <source>Closed for a moment</source>
        <translation>Fermé un instant</translation>
    </message>
    <message>
        <source>Too often something other than a face was shown. I look again in {0} seconds.</source>
        <translation>On m’a montré trop souvent autre chose qu’un visage. Je regarde à nouveau dans {0} secondes.</translation>
    </message>
    <message>
        <source>I cannot see</source>
        <translation>Je ne vois rien</translation>
    </message>
    <message>
        <source>The camera does not answer. I try again by myself.</source>
        <translation>La caméra ne répond pas. Je réessaie automatiquement.</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>Démarrage…</translation>
    </message>
    <message>
        <source>Faces cannot be recognised at present. Please call the staff.</source>
        <translation>Les visages ne peuvent pas être reconnus actuellement. Veuillez appeler le personnel.</translation>
    </message>
    <message>
        <source>Still there? Back to the start in {0} seconds.</source>
        <translation>Toujours là ? Retour au début dans {0} secondes.</translation>
    </message>
    <message>
        <source>PIN of the administrator</source>
        <translation>Code PIN de l’administrateur</translation>
    </message>
    <message>
        <source>PIN of the staff</source>
        <translation>Code PIN du personnel</translation>
    </message>
    <message>
        <source>This PIN is not right.</source>
        <translation>Ce code PIN n’est pas le bon.</translation>
    </message>
    <message>
        <source>Too many wrong PINs. Wait before the next.</source>
        <translation>Trop de codes PIN erronés. Attendez avant le prochain.</translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation>Déverrouiller</translation>
    </message>
    <message>
        <source>No PIN is set</source>
        <translation>Aucun code PIN n’est défini</translation>
    </message>
    <message>
        <source>Anybody may leave the kiosk. Set a PIN with: depthface gallery pin administrator</source>
        <translation>N’importe qui peut quitter la borne. Définissez un code avec : depthface gallery pin administrator</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Retour</translation>
    </message>
</context>
</TS>

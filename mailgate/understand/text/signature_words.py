"""How mails end, as data: what phones and apps add, how people take their leave, what companies and lists append. All in lower case."""

#: Lines that a phone or app adds below a mail: the line begins so.
MOBILE = (
    "sent from ", "sent via ", "sent with ", "sent by ", "sent using ", "get outlook for ", "get [outlook for ", "from my ",
    "download outlook for ", "sent on the go", "sent on the move", "von meinem ", "von meiner ", "von unterwegs gesendet",
    "unterwegs gesendet", "gesendet von ", "gesendet mit ", "gesendet aus ", "gesendet über ", "holen sie sich outlook", "outlook für ios",
    "outlook für android", "diese nachricht wurde von ", "diese nachricht wurde mit ", "mit meinem ", "vom handy gesendet", "envoyé de ",
    "envoyé depuis ", "envoyé à partir de ", "envoyé avec ", "envoyé par ", "télécharger outlook pour ", "obtenir outlook pour ",
    "provenance : courrier", "enviado desde ", "enviado do ", "enviado a partir ", "enviado por ", "enviado con ", "enviado de ",
    "enviado via ", "enviado com ", "enviada do ", "obtener outlook para ", "obter o outlook para ", "baixe o outlook para ",
    "obtenir l'outlook ", "enviat des ", "inviato da ", "inviato dal ", "inviato con ", "inviato tramite ", "scarica outlook per ",
    "ottieni outlook per ", "verstuurd vanaf ", "verzonden vanaf ", "verstuurd via ", "verzonden met ", "verzonden via ",
    "verzonden vanuit ", "verstuurd met ", "outlook voor ios downloaden", "outlook voor android downloaden", "download outlook voor ",
    "skickat från ", "skickades från ", "skickat med ", "hämta outlook för ", "sendt fra ", "sendt via ", "sendt med ", "hent outlook ",
    "skaff deg outlook ", "lähetetty ", "hanki outlook ", "saadetud minu ", "wysłane z ", "wysłano z ", "wysłane za pomocą ",
    "pobierz program outlook ", "pobierz outlook ", "odesláno z ", "odesláno ze ", "odoslané z ", "získat outlook pro ", "poslano z ",
    "poslano iz ", "poslano s ", "elküldve ", "küldve ", "trimis de pe ", "trimis din ", "obțineți outlook pentru ",
    "iphone'umdan gönderildi", "iphone’umdan gönderildi", "ipad'imden gönderildi", "android için outlook", "ios için outlook",
    "отправлено с ", "отправлено из ", "отправлено от ", "скачать outlook для ", "надіслано з ", "надіслано із ", "изпратено от ",
    "στάλθηκε από ", "εστάλη από ", "αποστολή από ", "gửi từ ", "được gửi từ ", "dikirim dari ", "ส่งจาก ", "נשלח מה", "נשלח מ", "أرسلت من ",
    "تم الإرسال من ", "أُرسلت من ", "iphoneから送信", "ipadから送信", "androidから送信", "iphone から送信", "ipad から送信", "発自我的",
    "发自我的", "来自我的", "發自我的", "從我的 ", "从我的", "發送自我的", "傳送自我的", "나의 iphone에서 보냄", "나의 ipad에서 보냄",
    "내 iphone에서 보냄",
)  # fmt: skip
#: Languages whose verb stands last: the line ends so, and names a device.
MOBILE_ENDS = (
    "에서 보냄", "에서 보냈습니다", "에서 전송됨", "에서 전송", "から送信", "から送信しました", "から送信されました", "傳送", "发送",
    "發送", " gönderildi", "에서 작성",
)  # fmt: skip
#: Openings that people use as well: there the device must follow within four words.
OPEN_MOBILE = frozenset(
    {
        "sent from ", "sent via ", "sent with ", "sent by ", "sent using ", "from my ", "gesendet von ", "gesendet mit ", "gesendet aus ",
        "gesendet über ", "von meinem ", "von meiner ", "mit meinem ", "envoyé par ", "envoyé avec ", "envoyé de ", "enviado por ",
        "enviado con ", "enviado de ", "enviado com ", "enviado via ", "inviato da ", "inviato con ", "verstuurd via ", "verzonden met ",
        "verzonden via ", "sendt fra ", "sendt med ", "skickat med ", "wysłane z ", "wysłano z ", "poslano s ", "poslano z ", "poslano iz ",
        "küldve ", "elküldve ", "изпратено от ", "отправлено от ", "lähetetty ", "diese nachricht wurde von ", "diese nachricht wurde mit ",
    }
)  # fmt: skip
#: Openings after which two or three words are a device, whatever they are called: `Sent from my TI-85`.
MY_DEVICE = (
    "sent from my ", "sent from mine ", "envoyé de mon ", "envoyé depuis mon ", "enviado desde mi ", "enviado do meu ",
    "enviado a partir do meu ", "inviato dal mio ", "verstuurd vanaf mijn ", "verzonden vanaf mijn ", "skickat från min ",
    "sendt fra min ", "wysłane z mojego ", "odesláno z mého ", "trimis de pe ", "отправлено с моего ", "надіслано з мого ",
    "lähetetty puhelimestani", "poslano z mojega ", "poslano s mog ", "στάλθηκε από το ",
)  # fmt: skip
#: Where a phone's line holds no brand it must name a device, so that "sent by mistake, sorry" stays. Words, or how long words begin.
DEVICES = (
    "iphone", "iphon", "ipad", "ipod", "android", "samsung", "galaxy", "blackberry", "windows", "outlook", "mobile", "mobil", "handy",
    "smartphone", "phone", "yahoo", "proton", "gmx", "web.de", "mail.ru", "gmail", "hotmail", "tablet", "huawei", "xiaomi", "redmi",
    "oneplus", "oppo", "nokia", "htc", "lg", "sony", "xperia", "motorola", "pixel", "app", "bluemail", "telekom", "superhuman", "spark",
    "telefon", "teléfono", "téléphone", "telefono", "telemóvel", "celular", "telefoon", "telefoni", "puhelim", "móvil", "mobiel", "mobilní",
    "мобиль", "телефон", "смартфон", "κινητό", "gsm", "unterwegs", "watch", "mac", "k-9", "airmail", "mailbox", "sparrow", "newton",
    "canary", "edison", "typeapp", "thunderbird", "fastmail", "nine", "boxer", "tutanota", "tuta", "zoho", "device", "gerät", "laitteesta",
    "cell", "手机", "手機",
)  # fmt: skip
#: A whole line of at most two words before it is a name: `Ann from mobile`.
FROM_MOBILE = (" from mobile", " from my iphone", " from my ipad", " from my phone", " from my mobile", " via mobile", " von unterwegs")

#: Ways to take leave that are the whole of a line; the name of the author follows. Thanks are no leave: somebody may wait for them.
CLOSINGS = frozenset(
    (
        "regards", "best regards", "kind regards", "kindest regards", "warm regards", "warmest regards", "with kind regards",
        "with best regards", "with regards", "best wishes", "with best wishes", "all the best", "sincerely", "yours sincerely",
        "sincerely yours", "yours faithfully", "yours truly", "very truly yours", "cordially", "respectfully", "best", "cheers", "br", "kr",
        "rgds", "thanks and regards", "thanks & regards", "thanks and best regards", "thanks and kind regards",
        "thank you and best regards", "thank you and kind regards", "many thanks and kind regards", "many thanks and best regards",
        "with thanks and regards", "mit freundlichen grüssen", "mit freundlichem gruss", "freundliche grüsse", "freundlichen gruss",
        "freundlicher gruss", "viele grüsse", "vielen gruss", "beste grüsse", "besten gruss", "mit besten grüssen", "mit bestem gruss",
        "herzliche grüsse", "mit herzlichen grüssen", "liebe grüsse", "mit lieben grüssen", "lieben gruss", "schöne grüsse",
        "schönen gruss", "gruss", "grüsse", "lg", "vg", "mfg", "bg", "hg", "hochachtungsvoll", "vielen dank und viele grüsse",
        "vielen dank und freundliche grüsse", "vielen dank und beste grüsse", "danke und gruss", "danke und viele grüsse",
        "danke und grüsse", "viele liebe grüsse", "mit sonnigen grüssen", "sonnige grüsse", "freundlichst", "es grüsst", "es grüsst sie",
        "cordialement", "bien cordialement", "très cordialement", "salutations", "meilleures salutations", "sincères salutations",
        "salutations distinguées", "bien à vous", "bien à toi", "amicalement", "cdt", "cdlt", "respectueusement", "avec mes salutations",
        "saludos", "un saludo", "muchos saludos", "saludos cordiales", "cordiales saludos", "un cordial saludo", "reciba un cordial saludo",
        "atentamente", "atte", "cordialmente", "salutacions", "salutacions cordials", "atentament", "cordiali saluti", "distinti saluti",
        "saluti", "un saluto", "un cordiale saluto", "cari saluti", "i migliori saluti", "atenciosamente", "cumprimentos",
        "os melhores cumprimentos", "melhores cumprimentos", "com os melhores cumprimentos", "com os meus cumprimentos", "abraços",
        "um abraço", "abs", "saudações", "att", "respeitosamente", "met vriendelijke groet", "met vriendelijke groeten",
        "vriendelijke groet", "vriendelijke groeten", "hartelijke groet", "hartelijke groeten", "met hartelijke groet", "groet", "groeten",
        "groetjes", "mvg", "gr", "hoogachtend", "hilsen", "med venlig hilsen", "venlig hilsen", "venlige hilsner", "mange hilsner",
        "bedste hilsner", "de bedste hilsner", "hilsner", "kh", "med vennlig hilsen", "vennlig hilsen", "beste hilsen", "med beste hilsen",
        "hilsing", "med vennleg helsing", "mvh", "vh", "med vänlig hälsning", "med vänliga hälsningar", "vänlig hälsning",
        "vänliga hälsningar", "hälsningar", "hälsning", "bästa hälsningar", "med bästa hälsningar", "vänligen", "hälsar",
        "ystävällisin terveisin", "parhain terveisin", "terveisin", "terveiset", "yst. terv", "yt", "terv", "lugupidamisega", "tervitades",
        "parimate soovidega", "pozdrawiam", "pozdrawiam serdecznie", "serdecznie pozdrawiam", "pozdrowienia", "z pozdrowieniami",
        "z poważaniem", "z wyrazami szacunku", "s pozdravem", "s úctou", "s přátelským pozdravem", "zdraví", "s pozdravom",
        "s priateľským pozdravom", "lep pozdrav", "s spoštovanjem", "lp", "srdačan pozdrav", "s poštovanjem", "pozdrav", "srdačno",
        "с поштовањем", "поздрав", "üdvözlettel", "szívélyes üdvözlettel", "tisztelettel", "üdv", "cu stimă", "cu respect",
        "toate cele bune", "salutări", "numai bine", "saygılarımla", "saygılar", "saygılarımızla", "selamlar", "sevgiler", "iyi çalışmalar",
        "с уважением", "с наилучшими пожеланиями", "всего доброго", "с наилучшими", "з повагою", "з найкращими побажаннями", "щиро",
        "с уважение", "поздрави", "с поздрав", "pagarbiai", "su pagarba", "ar cieņu", "με εκτίμηση", "με φιλικούς χαιρετισμούς", "φιλικά",
        "χαιρετισμούς", "trân trọng", "hormat saya", "salam", "salam hormat", "ด้วยความเคารพ", "ขอแสดงความนับถือ", "בברכה", "בכבוד רב",
        "تحياتي", "مع أطيب التحيات", "مع التحية", "با احترام", "敬具", "祝好", "此致敬礼", "此致",
    )
)  # fmt: skip

#: How what a company appends begins. Only at the beginning of a paragraph, and in the last forty lines.
DISCLAIMERS = (
    "this e-mail and any ", "this email and any ", "this e-mail (including ", "this email (including ", "this e-mail message ",
    "this email message ", "this e-mail is confidential", "this email is confidential", "this e-mail contains confidential",
    "this email contains confidential", "this e-mail may contain", "this email may contain", "this message and any ",
    "this message (including ", "this message is confidential", "this message is intended only", "this message is intended solely",
    "this message contains confidential", "this message may contain confidential", "this communication (including ",
    "this communication is confidential", "this transmission is intended", "this electronic message ", "the information contained in this",
    "the information in this e", "the information transmitted ", "the contents of this e", "confidentiality notice", "confidentiality note",
    "disclaimer:", "legal notice:", "legal disclaimer", "important notice: this e", "notice: this e", "privileged and confidential",
    "if you are not the intended recipient", "if you have received this e", "please consider the environment", "think before you print",
    "think green", "save paper", "this email has been scanned", "this e-mail has been scanned", "this message has been scanned",
    "this email was scanned", "this e-mail was scanned", "this email (and ", "this e-mail (and ", "information in this email",
    "information in this e-mail", "information in this message", "the information in this message", "any views or opinions",
    "any views expressed", "the views expressed", "email disclaimer", "e-mail disclaimer", "email confidentiality",
    "internet communications are", "all emails are monitored", "this communication may contain", "this footnote", "this e-mail is intended",
    "this email is intended", "this e-mail is private", "this email is private", "the content of this e", "the original of this e",
    "important information about this e", "confidential: ", "private and confidential", "diese e-mail ", "diese email enthält vertrauliche",
    "diese nachricht enthält vertrauliche", "diese nachricht ist vertraulich", "der inhalt dieser e-mail",
    "der inhalt dieser nachricht ist vertraulich", "die information in dieser e-mail", "die in dieser e-mail enthaltenen",
    "haftungsausschluss", "vertraulichkeitshinweis", "bitte denken sie an die umwelt", "bitte prüfen sie der umwelt zuliebe",
    "denken sie an die umwelt", "ce message et ", "ce message (y compris", "ce courriel et ", "ce courriel est confidentiel",
    "ce message est confidentiel", "cet e-mail et ", "l'information contenue dans ce", "avis de confidentialité",
    "les informations contenues dans ce", "pensez à l'environnement", "pensez à l’environnement", "avant d'imprimer", "n'imprimez ce",
    "este mensaje y ", "este mensaje (incluido", "este mensaje contiene información confidencial", "este correo electrónico y ",
    "este correo electrónico contiene", "la información contenida en este", "aviso legal", "aviso de confidencialidad",
    "antes de imprimir este", "aquest missatge i ", "questo messaggio e ", "questo messaggio è ", "questa e-mail è ", "questa e-mail e ",
    "le informazioni contenute in quest", "avviso di riservatezza", "rispetta l'ambiente", "prima di stampare", "esta mensagem e ",
    "esta mensagem é ", "esta mensagem pode conter", "este e-mail e ", "este email e ", "as informações contidas nest",
    "aviso de confidencialidade", "antes de imprimir est", "dit bericht en ", "dit bericht is vertrouwelijk", "deze e-mail en ",
    "deze e-mail is ", "de informatie in deze e-mail", "de inhoud van dit bericht", "de inhoud van deze e-mail", "denk aan het milieu",
    "denne e-mail og ", "denne e-mail er fortrolig", "denne mail er fortrolig", "denne e-posten ", "denne meldingen er konfidensiell",
    "detta meddelande är konfidentiellt", "detta e-postmeddelande ", "detta mejl ", "tämä viesti on luottamuksellinen",
    "tämä sähköpostiviesti ", "ta wiadomość i ", "ta wiadomość jest poufna", "niniejsza wiadomość ", "wiadomość ta ",
    "informacja o poufności", "tato zpráva je důvěrná", "tento e-mail a ", "obsah tohoto e-mailu", "táto správa je dôverná",
    "ez az üzenet bizalmas", "ez az e-mail és ", "acest mesaj și ", "acest mesaj este confidențial", "acest e-mail ", "bu e-posta ",
    "bu mesaj ve ", "это сообщение является конфиденциальным", "данное сообщение ", "настоящее сообщение ",
    "це повідомлення є конфіденційним", "本邮件及其附件", "此邮件及其附件", "本メールには", "이 메일은 ",
)  # fmt: skip
#: Openings above that ordinary sentences have as well: one of these words must stand in the paragraph.
OPEN_DISCLAIMER = (
    "confidential", "intended", "privileged", "scanned", "views", "opinions", "liability", "monitor", "secure", "recipient",
    "vertraulich", "empfänger", "confidentiel", "destinataire", "confidencial",
    "destinatari", "riservat", "vertrouwelijk", "geadresseerde", "fortrolig", "modtager", "konfidensiel", "mottaker", "konfidentiel",
    "mottagare", "luottamukselli", "vastaanottaja", "poufn", "adresat", "důvěrn", "příjemc", "dôvern", "bizalmas", "címzett",
    "confidențial", "gizli", "alıcı", "конфиденциальн", "адресат", "конфіденційн", "environment", "umwelt", "环境", "保密", "机密",
    "print", "virus", "viren", "paper", "green", "notice", "disclaimer", "haftung", "aviso", "avis", "ambient", "imprim", "milieu",
)  # fmt: skip

#: What stands below the rule at the end of a mail that went over a list.
LIST_FOOTERS = (
    "listinfo", "mailing list", "mailinglist", "mailing-list", "unsubscribe", "list-unsubscribe", "mailman", "googlegroups.com",
    "groups.google", "to post to this group", "received this message because you are subscribed", "abmelden", "mailingliste",
    "se désabonner", "désinscription", "darse de baja", "afmelden", "lists.",
)  # fmt: skip

#: What a company's gateway writes above a mail from outside.
BANNERS = (
    "caution: this e-mail originated from outside", "caution: this email originated from outside", "caution: external e",
    "caution: this message originated from outside", "caution: this is an external e", "[external]", "[external email]", "external email:",
    "warning: this email originated from outside", "warning: this e-mail originated from outside", "this email originated from outside",
    "this e-mail originated from outside", "this message originated from outside", "you don't often get email from",
    "you don’t often get email from", "some people who received this message don't often get email from",
    "achtung: externe e-mail", "achtung: diese e-mail kommt von ausserhalb", "achtung: diese e-mail stammt von einem externen",
    "sie erhalten nicht oft e-mails von", "sie erhalten nicht häufig e-mails von", "vous n'obtenez pas souvent d'e-mail",
    "vous ne recevez pas souvent de courriers de la part de", "no suele recibir correos electrónicos de", "non si ricevono spesso messaggi",
    "u ontvangt niet vaak e-mail van", "attention : courriel externe", "let op: deze e-mail komt van buiten",
)  # fmt: skip

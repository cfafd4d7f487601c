"""The words by which people say how much it matters, in each language of our letters, as data.

A form of a word stands behind a plus: `dringend+e+en` is dringend, dringende and dringenden. What weighs two says it alone, of what weighs
one it takes two. Japanese stands in pieces, because nothing parts its words."""

from collections.abc import Mapping

#: Work stands still, or somebody says that it is urgent.
URGENT: Mapping[str, str] = {
    "en": "urgent+ly|urgency|very urgent|most urgent|top urgent|emergency|immediately|immediate help|immediate attention|at once|"
    "cannot work|cant work|can not work|unable to work|cannot do my job|cant do my job|work has stopped|work is stopped|"
    "stops us from working|cannot continue|cant continue|nothing works any more|nothing works anymore|production is down|"
    "production stands still|production has stopped|deadline today|deadline tonight|deadline in an hour|due today|due in an hour|"
    "please hurry|time critical|business critical|mission critical|showstopper|show stopper|drop everything",
    "de": "dringend+e+er+es+en+em|dringlich+e+er+es+en|sehr dringend|notfall|notfälle|eilt|es eilt|eilig+e+er+es+en|brandeilig|"
    "sofort+ige+iger+igen|unverzüglich|umgehend|schnellstmöglich|schnellstens|kann nicht arbeiten|kann ich nicht arbeiten|"
    "kann nicht mehr arbeiten|kann nicht weiterarbeiten|können nicht arbeiten|können nicht mehr arbeiten|"
    "können nicht weiterarbeiten|arbeitsunfähig|arbeit steht still|steht alles still|produktion steht|stillstand|betrieb steht|"
    "nichts geht mehr|geht gar nichts mehr|abgabe heute|frist heute|frist läuft heute|deadline heute|heute abgeben|bis heute abend|"
    "zeitkritisch+e+er+es|geschäftskritisch+e+er+es",
    "fr": "urgent+e+s+es|urgemment|urgence|d'urgence|en urgence|l'urgence|très urgent|immédiatement|sur le champ|sans délai|"
    "sans tarder|de toute urgence|ne peux pas travailler|ne peux plus travailler|ne peux plus rien faire|ne pouvons pas travailler|"
    "ne pouvons plus travailler|impossible de travailler|peux plus travailler|travail est bloqué|à l'arrêt|production est arrêtée|"
    "production arrêtée|tout est bloqué|plus rien ne marche|plus rien ne fonctionne|échéance aujourd'hui|délai aujourd'hui|"
    "à rendre aujourd'hui|avant ce soir|dernier délai|critique pour l'activité",
    "es": "urgente+s|urgentemente|urgencia|urge|con urgencia|muy urgente|emergencia|inmediatamente|de inmediato|cuanto antes|"
    "no puedo trabajar|no podemos trabajar|no puedo seguir trabajando|no podemos seguir trabajando|imposible trabajar|"
    "trabajo está parado|estamos parados|producción parada|producción está parada|todo está parado|nada funciona|plazo hoy|"
    "plazo vence hoy|vence hoy|entregar hoy|fecha límite hoy|antes de esta tarde|crítico para el negocio",
    "ar": "عاجل|عاجلا|عاجلة|مستعجل|مستعجلة|مستعجلا|ضروري جدا|طارئ|طارئة|حالة طوارئ|طوارئ|فورا|فوري|فورية|على الفور|في الحال|"
    "بأسرع وقت|في أسرع وقت|بأقصى سرعة|لا أستطيع العمل|لا استطيع العمل|لا نستطيع العمل|لا يمكنني العمل|لا يمكننا العمل|"
    "غير قادر على العمل|غير قادرين على العمل|توقف العمل|العمل متوقف|توقف الإنتاج|الإنتاج متوقف|كل شيء متوقف|الموعد النهائي اليوم|"
    "آخر موعد اليوم|التسليم اليوم|قبل نهاية اليوم",
    "ja": "至急|大至急|緊急|急ぎで|お急ぎ|急を要|一刻も早く|すぐに対応|今すぐ|ただちに|直ちに|早急|業務が止ま|業務停止|"
    "仕事ができません|仕事ができない|仕事になりません|作業ができません|作業ができない|業務ができません|業務ができない|"
    "仕事が進みません|生産が止ま|本日締め切り|本日締切|本日が締め切り|今日締め切り|今日が締め切り|本日中に提出|今日中に提出|"
    "本日が期限|期限が本日",
}  # fmt: skip

#: What is said of much that can wait as well: two of them weigh as much as one of the others.
PRESSING: Mapping[str, str] = {
    "en": "asap|as soon as possible|today|right now|right away|quickly|important|critical|deadline|blocked|blocking|stuck|"
    "customer is waiting|customers are waiting|in an hour|this morning|this afternoon|hurry|high priority|top priority",
    "de": "asap|so schnell wie möglich|so bald wie möglich|baldmöglichst|heute noch|noch heute|schnell|rasch|wichtig+e+er+es|"
    "kritisch+e+er+es|deadline|blockiert|kunde wartet|kunden warten|in einer stunde|heute morgen|heute nachmittag|hohe priorität|"
    "höchste priorität",
    "fr": "au plus vite|dès que possible|le plus vite possible|le plus rapidement possible|aujourd'hui|rapidement|important+e+s+es|"
    "critique+s|échéance|bloqué+e+s+es|client attend|clients attendent|dans une heure|ce matin|cet après midi|priorité haute|"
    "haute priorité|prioritaire",
    "es": "lo antes posible|tan pronto como sea posible|a la mayor brevedad|hoy mismo|hoy|rápido|rápidamente|importante+s|"
    "crítico+s|crítica|fecha límite|bloqueado+s|bloqueada+s|cliente espera|cliente está esperando|clientes esperan|en una hora|"
    "esta mañana|esta tarde|alta prioridad|prioridad alta",
    "ar": "اليوم|الآن|بسرعة|مهم|مهمة|هام|هامة|ضروري|ضرورية|حرج|حرجة|الموعد النهائي|العميل ينتظر|العملاء ينتظرون|خلال ساعة|"
    "هذا الصباح|أولوية عالية|أولوية قصوى",
    "ja": "なるべく早く|できるだけ早く|本日中|今日中|重要|お客様を待たせ|お客様がお待ち|顧客が待って|一時間以内|１時間以内|"
    "優先して|締め切り|締切|困っています|急いで",
}  # fmt: skip

#: It can wait.
CALM: Mapping[str, str] = {
    "en": "no rush|no hurry|not in a hurry|not in a rush|theres no rush|whenever you have time|when you have time|"
    "when you have a moment|when you get a chance|when you get a moment|when time permits|when it suits you|if you have time|"
    "take your time|low priority|at your convenience|can wait|no need to hurry|no need to rush|in your own time|whenever it suits|"
    "just a question|for some day",
    "de": "eilt nicht|es eilt nicht|keine eile|hat zeit|hat keine eile|hat viel zeit|nicht eilig|wenn sie zeit haben|"
    "wenn ihr zeit habt|wenn du zeit hast|bei gelegenheit|wenn es ihnen passt|wenn es passt|in aller ruhe|in ruhe|"
    "niedrige priorität|kann warten|lassen sie sich zeit|lasst euch zeit|nur eine frage|keinen stress|kein stress|ohne eile",
    "fr": "rien ne presse|ça ne presse pas|cela ne presse pas|ne presse pas|pas pressé|pas pressée|pas pressés|"
    "quand vous aurez le temps|quand vous avez le temps|quand vous aurez un moment|quand vous pourrez|quand vous pouvez|"
    "lorsque vous aurez le temps|prenez votre temps|à l'occasion|sans urgence|sans caractère d'urgence|aucune urgence|"
    "rien d'urgent|pas d'urgence|peut attendre|priorité basse|basse priorité|simple question|juste une question|à votre convenance|"
    "il n'y a pas le feu",
    "es": "sin prisa|sin prisas|no hay prisa|no corre prisa|no tengo prisa|no tenemos prisa|cuando tenga tiempo|"
    "cuando tengan tiempo|cuando pueda|cuando puedan|cuando tenga un momento|cuando tengan un momento|cuando les venga bien|"
    "cuando le venga bien|tómese su tiempo|tómense su tiempo|puede esperar|no urge|sin urgencia|baja prioridad|prioridad baja|"
    "solo una pregunta|con calma|con tranquilidad",
    "ar": "لا داعي للعجلة|لا داعي للاستعجال|لا عجلة|بدون استعجال|دون استعجال|بلا استعجال|على مهل|على مهلكم|خذوا وقتكم|خذ وقتك|"
    "عندما يتسع وقتكم|عندما يسمح وقتكم|عند توفر الوقت|حين يتوفر لديكم الوقت|عندما يتوفر لديكم الوقت|متى ما أمكن|يمكن الانتظار|"
    "يمكنه الانتظار|أولوية منخفضة|مجرد سؤال|وقت فراغكم|لسنا في عجلة|لست في عجلة|ليس هناك استعجال|ليس هناك عجلة",
    "ja": "急ぎません|急ぎではありません|急ぎではない|急ぎではございません|お急ぎではありません|急いでいません|急いでおりません|"
    "急を要しません|お時間のあるとき|お時間のある時|お時間があるとき|お時間がある時|お手すきの|お手隙の|手の空いた|"
    "ご都合の良いとき|ご都合のよいとき|ご都合の良い時|後回しで|優先度は低|優先度低|緊急ではありません|緊急ではない|"
    "緊急ではございません|至急ではありません|いつでも構いません|いつでもかまいません|いつでも結構|のんびり",
}  # fmt: skip

#: Many are concerned.
BREADTH: Mapping[str, str] = {
    "en": "everyone|everybody|all users|all of us|all employees|all staff|all colleagues|all departments|nobody can|no one can|"
    "none of us can|noone can|whole office|entire office|whole team|entire team|whole department|entire department|whole company|"
    "entire company|whole floor|entire floor|whole building|entire building|whole site|entire site|company wide|"
    "several departments|many users|many colleagues|the whole school|the whole plant",
    "de": "alle benutzer|alle nutzer|alle anwender|alle mitarbeiter|alle mitarbeiterinnen|alle kollegen|alle kolleginnen|"
    "alle abteilungen|bei allen|betrifft alle|sind alle betroffen|alle betroffen|wir alle|uns allen|niemand kann|keiner kann|"
    "keiner von uns|niemand von uns|ganzes büro|das ganze büro|ganzen büro|gesamte büro|gesamten büro|ganze abteilung|"
    "gesamte abteilung|ganzen abteilung|gesamten abteilung|ganze team|gesamte team|ganzen team|ganze firma|gesamte firma|"
    "ganzen firma|ganze unternehmen|gesamte unternehmen|ganze haus|ganzen haus|gesamte gebäude|ganze etage|gesamte etage|"
    "ganze stockwerk|ganze standort|gesamte standort|gesamten standort|ganze werk|firmenweit|mehrere abteilungen|viele kollegen|"
    "viele benutzer",
    "fr": "tout le monde|tous les utilisateurs|tous les collègues|tous les employés|tous les salariés|tous les services|nous tous|"
    "personne ne peut|plus personne ne peut|personne n'arrive|aucun utilisateur|aucun collègue|tout le bureau|tout le service|"
    "toute l'équipe|l'ensemble de l'équipe|l'ensemble du service|l'ensemble du site|l'ensemble des utilisateurs|toute l'entreprise|"
    "toute la société|tout l'étage|tout le bâtiment|tout le site|plusieurs services|de nombreux collègues|de nombreux utilisateurs",
    "es": "todo el mundo|todos los usuarios|todos los compañeros|todos los empleados|todos los departamentos|todos nosotros|"
    "a todos nos|nadie puede|nadie consigue|ningún usuario|ningún compañero|toda la oficina|todo el equipo|todo el departamento|"
    "toda la empresa|toda la compañía|toda la planta|todo el edificio|toda la sede|varios departamentos|muchos compañeros|"
    "muchos usuarios",
    "ar": "جميع المستخدمين|كل المستخدمين|جميع الموظفين|كل الموظفين|جميع الزملاء|كل الزملاء|جميع الأقسام|كل الأقسام|الجميع|جميعنا|"
    "كلنا|لا أحد يستطيع|لا احد يستطيع|لا يستطيع أحد|لا يمكن لأحد|المكتب كله|كامل المكتب|المكتب بأكمله|الفريق كله|كامل الفريق|"
    "الفريق بأكمله|القسم كله|القسم بأكمله|كامل القسم|الشركة كلها|الشركة بأكملها|كامل الشركة|الطابق كله|الطابق بأكمله|المبنى كله|"
    "المبنى بأكمله|عدة أقسام",
    "ja": "全員|全社|社員全員|全社員|全ユーザー|全ての利用者|すべての利用者|すべてのユーザー|全部署|部署全体|部全体|課全体|"
    "チーム全体|会社全体|オフィス全体|フロア全体|ビル全体|拠点全体|誰も使えません|誰も使えない|誰もアクセスできません|"
    "誰もログインできません|だれも使えません|誰も接続できません|複数の部署|多くの社員",
}  # fmt: skip

#: Something does not work at all: counts where the service that it is about is named as critical.
OUTAGE: Mapping[str, str] = {
    "en": "down|outage|offline|unavailable|unreachable|not reachable|not available|not working|does not work|doesnt work|"
    "stopped working|not responding|does not respond|crashed|no longer works|cannot connect|cant connect|cannot be reached|failed|"
    "is dead|has failed",
    "de": "ausgefallen|ausfall|störung|offline|nicht erreichbar|nicht verfügbar|geht nicht|gehen nicht|geht nicht mehr|"
    "funktioniert nicht|funktioniert nicht mehr|reagiert nicht|antwortet nicht|abgestürzt|keine verbindung|läuft nicht|"
    "läuft nicht mehr|down|tot|lahmgelegt",
    "fr": "en panne|panne|hors service|hors ligne|indisponible|injoignable|inaccessible|ne fonctionne pas|ne fonctionne plus|"
    "ne marche pas|ne marche plus|ne répond pas|ne répond plus|planté|est tombé|coupure|plus de connexion|"
    "impossible de se connecter",
    "es": "caído+s|caída+s|no funciona|no funcionan|no responde|no está disponible|no disponible|fuera de servicio|sin servicio|"
    "sin conexión|inaccesible|interrupción|ha dejado de funcionar|dejó de funcionar|no se puede acceder|no podemos acceder|"
    "bloqueado|apagado",
    "ar": "معطل|معطلة|متعطل|عطل|انقطاع|انقطع|متوقف|متوقفة|توقف|توقفت|لا يعمل|لا تعمل|لا يستجيب|لا تستجيب|غير متاح|غير متاحة|"
    "غير متوفر|خارج الخدمة|لا يمكن الوصول|لا يمكن الاتصال|تعذر الاتصال|تعذر الوصول",
    "ja": "停止して|止まって|落ちて|ダウン|障害|つながりません|繋がりません|接続できません|接続できない|アクセスできません|"
    "アクセスできない|使えません|使えない|動きません|動かない|応答しません|応答がありません|利用できません|ログインできません",
}  # fmt: skip

#: Somebody else may be in, or has what is ours.
SECURITY: Mapping[str, str] = {
    "en": "phishing|phished|ransomware|malware|trojan|spyware|keylogger|hacked|hacker+s|data breach|security breach|"
    "security incident|data leak|stolen laptop|stolen phone|stolen computer|stolen tablet|laptop was stolen|laptop has been stolen|"
    "laptop got stolen|phone was stolen|phone has been stolen|computer was stolen|stole my laptop|stole my phone|stole my bag|"
    "lost my laptop|lost my phone|lost laptop|leaked password+s|password was leaked|password leaked|passwords leaked|"
    "passwords were leaked|password has been leaked|password was stolen|stolen password|gave my password|entered my password|"
    "account was hacked|account is compromised|account was compromised|account has been compromised|compromised account|"
    "virus was found|found a virus|computer virus|files are encrypted|files were encrypted|files have been encrypted|"
    "unauthorised access|unauthorized access",
    "de": "phishing|phishingmail|phishing mail|phishing mails|ransomware|malware|schadsoftware|trojaner|verschlüsselungstrojaner|"
    "spyware|gehackt|hacker|hackerangriff|cyberangriff|datenleck|datendiebstahl|sicherheitsvorfall|laptop gestohlen|"
    "notebook gestohlen|handy gestohlen|diensthandy gestohlen|rechner gestohlen|laptop wurde gestohlen|notebook wurde gestohlen|"
    "handy wurde gestohlen|laptop wurde mir gestohlen|handy wurde mir gestohlen|gestohlener laptop|gestohlenes notebook|"
    "gestohlenes handy|laptop verloren|notebook verloren|diensthandy verloren|laptop geklaut|handy geklaut|passwort geleakt|"
    "passwort gestohlen|passwort wurde gestohlen|passwort weitergegeben|passwort eingegeben|passwörter geleakt|"
    "passwörter gestohlen|konto gehackt|konto wurde gehackt|konto kompromittiert|kompromittiert+e+es|virus gefunden|"
    "virus eingefangen|virenbefall|dateien sind verschlüsselt|dateien wurden verschlüsselt|unbefugter zugriff|unbefugten zugriff",
    "fr": "phishing|hameçonnage|rançongiciel|ransomware|malware|logiciel malveillant|cheval de troie|logiciel espion|piraté+e+s+es|"
    "piratage|pirate informatique|cyberattaque|fuite de données|violation de données|incident de sécurité|ordinateur volé|"
    "portable volé|téléphone volé|ordinateur a été volé|portable a été volé|téléphone a été volé|volé mon ordinateur|"
    "volé mon portable|volé mon téléphone|vol d'ordinateur|vol de mon ordinateur|perdu mon ordinateur|perdu mon portable|"
    "mot de passe volé|mot de passe a fuité|mot de passe divulgué|mots de passe volés|donné mon mot de passe|"
    "saisi mon mot de passe|compte compromis|compte a été compromis|compte est compromis|fichiers sont chiffrés|"
    "fichiers ont été chiffrés|fichiers chiffrés|accès non autorisé|un virus",
    "es": "phishing|suplantación de identidad|ransomware|malware|programa malicioso|troyano|programa espía|hackeado+s|hackeada+s|"
    "hackearon|pirateado|pirata informático|ciberataque|fuga de datos|filtración de datos|incidente de seguridad|"
    "brecha de seguridad|portátil robado|ordenador robado|móvil robado|teléfono robado|robado el portátil|robado el móvil|"
    "robado el ordenador|robaron el portátil|robaron el móvil|robado mi portátil|robado mi móvil|robo de mi portátil|"
    "perdido el portátil|perdido el móvil|contraseña filtrada|contraseña robada|contraseñas filtradas|contraseñas robadas|"
    "dado mi contraseña|introducido mi contraseña|introduje mi contraseña|cuenta comprometida|cuenta hackeada|"
    "cuenta ha sido comprometida|archivos cifrados|archivos están cifrados|acceso no autorizado|un virus",
    "ar": "تصيد|التصيد الاحتيالي|تصيد احتيالي|تصيد إلكتروني|رسالة احتيالية|رسالة احتيال|فدية|برنامج الفدية|برنامج فدية|"
    "فيروس الفدية|برمجيات خبيثة|برنامج خبيث|برنامج ضار|حصان طروادة|برنامج تجسس|اختراق|تم اختراق|مخترق|مخترقة|قرصنة|هجوم إلكتروني|"
    "تسريب بيانات|تسرب بيانات|تسريب البيانات|حادث أمني|سرقة الحاسوب|سرقة حاسوبي|سرق حاسوبي|سرق الحاسوب|سرق هاتفي|سرقة هاتفي|"
    "سرقة اللابتوب|سرق اللابتوب|حاسوب مسروق|هاتف مسروق|فقدت حاسوبي|كلمة مرور مسربة|تسريب كلمة المرور|تسربت كلمة المرور|"
    "سرقت كلمة المرور|سرقة كلمة المرور|أدخلت كلمة المرور|أعطيت كلمة المرور|تم تشفير الملفات|دخول غير مصرح به|وصول غير مصرح به|فيروس",
    "ja": "フィッシング|ランサムウェア|マルウェア|トロイの木馬|スパイウェア|ハッキング|ハッカー|不正アクセス|不正ログイン|"
    "サイバー攻撃|情報漏えい|情報漏洩|データ漏えい|データ漏洩|セキュリティ事故|セキュリティインシデント|pcが盗|パソコンが盗|"
    "パソコンを盗|pcを盗|携帯が盗|携帯を盗|スマホを盗|パソコンを紛失|pcを紛失|携帯を紛失|スマホを紛失|盗難|パスワードが漏|"
    "パスワードが流出|パスワードを入力してしま|パスワードを教えてしま|アカウントが乗っ取|乗っ取られ|ウイルスに感染|ウイルス感染|"
    "ウイルスが検出|ファイルが暗号化",
}  # fmt: skip

#: Right before a word, or with nothing but `FILLERS` between, they turn it round.
NEGATIONS: Mapping[str, str] = {
    "en": "not no nothing never isnt arent wasnt hardly without neither nor nothing's dont doesnt",
    "de": "nicht kein keine keinen keinem keiner keines nichts nie weder ohne kaum",
    "fr": "pas rien aucun aucune jamais sans ni non nullement",
    "es": "no nada nunca sin ningún ninguna ni tampoco",
    "ar": "ليس ليست ليسوا غير لا بدون دون لم لن بلا عدم",
}
FILLERS: Mapping[str, str] = {
    "en": "really that very so too at all particularly especially a an terribly super exactly immediately is it any the of extremely",
    "de": "wirklich sehr so zu ganz besonders gerade mehr ein eine unbedingt allzu super extrem weiter wahnsinnig",
    "fr": "vraiment très si trop tellement du tout de d particulièrement plus un une en besoin demande chose problème super extrêmement",
    "es": "es muy tan demasiado nada especialmente realmente un una de para está sea tiene asunto problema cosa petición",
    "ar": "بالأمر أمر أمرا الأمر بشكل هناك أي جدا حالة",
}
#: They greet or thank, and what follows them names no extent: "Hi everyone".
GREETINGS: Mapping[str, str] = {
    "en": "hi hello dear hey thanks thank morning afternoon evening greetings welcome cheers",
    "de": "hallo liebe an danke guten moin servus grüße gruß",
    "fr": "bonjour bonsoir salut cher chers merci",
    "es": "hola buenos buenas estimados queridos gracias saludos",
    "ar": "مرحبا أهلا السلام شكرا تحية صباح مساء أعزائي",
}
#: Things that are called so.
ELSEWHERE: Mapping[str, str] = {
    "en": "emergency exit+s|emergency contact+s|emergency number+s|emergency lamp+s|emergency light+s|emergency drill+s|emergency services",
    "fr": "sortie d'urgence|numéro d'urgence|contact d'urgence|service des urgences",
    "es": "salida de emergencia|número de emergencia|contacto de emergencia|teléfono de emergencia",
    "ar": "مخرج الطوارئ|رقم الطوارئ|أرقام الطوارئ",
}
#: What is talked about with the same words, and is no incident: "phishing training".
TALK: Mapping[str, str] = {
    "en": "training trainings course awareness simulation simulations test tests campaign workshop webinar policy guideline "
    "guidelines protection filter scanner quiz exercise",
    "de": "schulung schulungen training kurs simulation test tests kampagne workshop webinar richtlinie schutz filter scanner "
    "übung quiz",
    "fr": "formation sensibilisation simulation test campagne atelier webinaire politique exercice filtre quiz",
    "es": "formación curso simulación simulacro prueba campaña taller concienciación política ejercicio filtro",
    "ar": "تدريب دورة محاكاة اختبار حملة ورشة سياسة توعية",
    "ja": "研修|訓練|テスト|講習|セミナー|対策",
}  # fmt: skip
#: Before such a word: "formation au phishing", "simulacro de phishing".
TALK_BEFORE: Mapping[str, str] = {
    "fr": "formation sensibilisation simulation test campagne exercice",
    "es": "formación curso simulación simulacro prueba campaña concienciación ejercicio",
    "ar": "تدريب دورة محاكاة اختبار حملة ورشة توعية مكافحة",
    "en": "anti about against",
    "de": "anti gegen zum über",
}
#: Behind a Japanese word they turn it round.
JAPANESE_NEGATION = (
    "ではありません|ではない|ではなく|じゃない|でなくて|ではございません|ではないです|を要しません|性はありません|性はない|でなくても"
)

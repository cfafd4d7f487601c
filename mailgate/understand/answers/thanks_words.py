"""The words of a mere thank-you, as data: in lower case, Arabic as `plain` makes it.

Japanese stands in pieces, because nothing parts its words."""

#: One of these must be there.
GRATITUDE = frozenset(
    """
    thanks thank thankyou thx tnx ty cheers appreciated grateful danke dankeschön dankeschoen dank dankschön bedanke merci remerciements
    remercie remercions gracias agradecido agradecida agradecidos agradezco agradecemos grazie obrigado obrigada bedankt dankjewel
    mercis tack tak takk kiitos dziękuję dzięki děkuji díky köszönöm mulțumesc hvala спасибо дякую ευχαριστώ teşekkürler شكرا شكر الشكر
    مشكور مشكورين مشكورون اشكركم اشكرك نشكركم نشكرك شاكر شاكره شاكرين ممتن ممتنه ممتنون تسلم تسلموا
    """.split()
)

#: Words that add nothing to a thank-you. Any other word makes it a message: in doubt somebody reads it.
HARMLESS = frozenset(
    """
    a all also always am and are as at awesome be best brilliant confirmed day everything excellent fantastic fast fine fixed for
    friendly from good great greetings have hello helped helpful help hey hi is it its it's job just kind kindly lot love lovely many
    merry much my nice now of ok okay once our perfect perfectly prompt quick quickly regards resolved so solved sorted speedy splendid
    super support swift team that that's the this to top us very warm we weekend well with wonderful work worked working works yes you
    your yours i i'm a's really alles allen an auch beste bestens bin das dem den der die dir einen euch eure euer fein freundliche
    freundlichen freundlichem für geht gelöst geklappt gerne gruß gruss grüße grüßen grüsse grüssen gut gute guten hallo hat hilfe
    herzlich herzlichen herzliche hilfreiche ich ihnen ihr ihre ihren ihrer ihr immer ist ja jetzt klappt klasse läuft lg liebe lieben
    mfg mit morgen nett nette perfekt prima prompte rasche recht schnell schnelle schnellen schönen sehr sie so sofort spitze stimmt
    super support tag tausend team toll tolle uns unterstützung viel viele vielen vielmals wieder wir wochenende wunderbar und zurück
    bearbeitung antwort hilfestellung funktioniert passt erledigt à aide l'aide au aussi beaucoup bien bon bonjour bonne bonsoir ça
    c'est cela cher chère cordial cordialement cordiales de disponibilité du efficace efficacité équipe l'équipe est et excellent
    excellente fois fonctionne formidable génial grand gentillesse immense infiniment intervention l'intervention j'ai journée la le les
    maintenant marche merveilleux mieux mille nickel nous nouveau parfait parfaitement pour prise charge en professionnalisme rapide
    rapidité réactivité réglé réponse résolu retour salutations salut service sincèrement soirée sont support super toute tout très tres
    un une vos votre vous vraiment week-end week end abrazo agradable ahora al amabilidad amable atención atentamente ayuda buen buena
    buenas bueno buenos bien cordial cordiales correctamente días del el ella equipo es está estupendo estimado estimada excelente
    funciona funcionando genial gran hola igualmente infinitas las lo los magnífico mil muchas muchísimas muy noches os perfectamente
    perfecto por rapidez rápida rápido resolución respuesta resuelto saludo saludos señor señora servicio solucionado soporte sr sra su
    sus tardes todas todo todos trabajo tu usted ustedes vosotros vuestra y ya جزيلا جزيل لكم لك كثيرا جدا علي المساعده مساعدتكم مساعدتك
    للمساعده سرعه لسرعه السرعه الرد ردكم ردك السريع السريعه الدعم دعمكم فريق الفريق لفريق تعاونكم تعاونك حسن كل شيء يعمل تعمل الان بشكل
    جيد جيده ممتاز ممتازه رائع رائعه تم الحل حل حلت المشكله مع تحياتي التحيه خالص السلام عليكم وعليكم ورحمه الله وبركاته مرحبا اهلا صباح
    مساء الخير يوم سعيد نهاركم جهودكم جهودك لجهودكم خدمتكم الخدمه استجابتكم و بارك فيكم فيك وفقكم العافيه يعطيكم اهتمامكم لاهتمامكم الف
    من القلب
    """.split()
)

#: Not even as a name.
DOUBT = frozenset(
    """
    but however not no never still again until unfortunately sadly except error fail failed broken down offline problem issue help
    please aber jedoch nicht kein keine nein nie noch bis leider außer fehler defekt kaputt offline problem störung bitte trotzdem mais
    pas non plus jamais toujours encore sauf hélas malheureusement erreur panne problème svp pero sin nunca jamás todavía aún aun sigue
    excepto salvo lamentablemente fallo problema favor
    """.split()
)

#: A name may follow these, or stand below them: `Hi Ann`, `Danke, Herr Weber`, `Kind regards` / `Max`.
ADDRESSING = frozenset(
    """
    hi hello hey dear hallo liebe lieber guten moin herr herrn frau mr mrs ms thanks thank danke dank regards gruß grüße you bonjour
    bonsoir salut cher chère merci monsieur madame mme m cordialement hola gracias estimado estimada señor señora sr sra saludos
    """.split()
)

#: Japanese: pieces of which one must be there,
JAPANESE_GRATITUDE = frozenset(
    """
    ありがとう ありがとうございます ありがとうございました 有難うございます 有難うございました 有り難うございます 有り難うございました
    感謝 感謝します 感謝いたします 感謝致します 感謝しております 感謝申し上げます 御礼申し上げます お礼申し上げます 助かりました
    大変助かりました どうも サンキュー
    """.split()
)
#: and pieces that add nothing. Without が and けど: "but" stands behind them.
JAPANESE_HARMLESS = frozenset(
    """
    誠に まことに 本当に ほんとうに 大変 とても すごく 心より 早速 早速の 迅速な 迅速に 迅速 素早い 早い すばやい 丁寧な 丁寧に ご丁寧な
    ご丁寧に 親切な ご親切に 対応 ご対応 ご対応いただき ご対応くださり 対応いただき 対応していただき 対応してくださり 返信 ご返信 返答
    ご返答 回答 ご回答 連絡 ご連絡 支援 ご支援 協力 ご協力 サポート 皆様 皆さん チーム お世話になっております お世話になりました
    いつもお世話になっております いつも 解決しました 解決いたしました 無事解決しました 無事に 無事 問題は 問題が 問題なく 確認しました
    確認いたしました 確認できました 承知しました 承知いたしました 了解しました 了解です 正常に 動作しています 動作しました 動きました
    動いています 使えました 使えています 使えるようになりました 直りました うまくいきました おかげで おかげさまで お陰様で お陰で すぐに
    今後ともよろしくお願いいたします 今後ともよろしくお願いします 以上 です ます いただき くださり 頂き 下さり を の に で は も と ね
    こんにちは
    """.split()
)

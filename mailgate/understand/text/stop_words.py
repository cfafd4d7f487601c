"""By what a language is told, as data: its small words, its script, the letters that only it has. A language is one row."""

#: Words of at least two letters that are frequent in one language; one that several share counts for each.
STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and is are was were have has had not you your this that with for from but can could would will please my "
        "our we it of to in on at be do does when what which there thanks hello been since they it's don't i'm cannot "
        "does",
        "de": "der die das und ist sind war nicht ich sie wir ihr mit für von aber kann können bitte mein meine unser es zu "
        "im am auf bei den dem ein eine einen wenn wie hallo danke auch noch seit nach habe hat wird mich mir sich über",
        "fr": "le la les et est sont pas je vous nous avec pour de des du mais peut une un mon ma notre ce cette il elle que "
        "qui dans sur au aux bonjour merci ne été depuis plus mes se ai être",
        "es": "el la los las es son no yo usted nosotros con para de del pero puede una un mi nuestro este esta que en por al "
        "hola gracias desde cuando muy favor se lo ha he está mis más",
        "it": "il lo la gli le e è sono non io voi noi con per di del della ma può una un mio nostro questo questa che in da "
        "al buongiorno grazie dal quando si ho anche nel più",
        "pt": "os as é são não eu você nós com para de do da mas pode uma um meu nosso este esta que em por ao olá obrigado "
        "obrigada desde quando se no na está minha mais bom dia",
        "nl": "de het een en is zijn was niet ik je jij wij we met voor van maar kan kunnen mijn onze dit dat op bij te als "
        "wat hallo bedankt ook nog sinds naar heb heeft wordt er om",
        "pl": "nie jest są to ja my pan pani z na do od ale może proszę mój nasz ten ta że się w po dla dzień dobry dziękuję "
        "kiedy jak mi już czy przez",
        "cs": "je není jsem jsou to se na že pro od do ale může prosím můj náš ten ta když jak mi už při děkuji dobrý den "
        "nebo který která by jsme mám také",
        "sk": "je nie som sú to sa na že pre od do ale môže prosím môj náš ten tá keď ako mi už pri ďakujem dobrý deň alebo "
        "ktorý ktorá by sme mám tiež",
        "sv": "och är var inte jag du vi ni med för från men kan min vår det den att som på till av en ett hej tack när har "
        "också sedan mig eller skulle",
        "da": "og er var ikke jeg du vi med for fra men kan min vores det den at som på til af en et hej tak når har også "
        "siden mig eller hvordan hvad nogle efter bliver",
        "nb": "og er var ikke jeg du vi med for fra men kan min vår det den at som på til av en et hei takk når har også "
        "siden meg eller hvordan hva noen etter blir",
        "fi": "ja on ei ole että se hän minä me te en mutta voi voin voitteko kun kuin tämä joka mikä kanssa minun meidän hei "
        "kiitos myös sitten vielä ovat oli niin jos",
        "hu": "és nem van az egy hogy ez azt de is meg csak már még mert nem kérem kérjük köszönöm ha mint nekem vagyok volt "
        "lehet a mikor üdvözlöm nincs",
        "ro": "și este nu sunt în la de cu pe pentru din că un o dar poate vă rog mulțumesc bună ziua când care mai am se mea "
        "meu noastră după fost iar",
        "tr": "ve bir bu için ile de da değil var yok ama çok ben biz siz lütfen teşekkürler merhaba ne nasıl kadar sonra "
        "daha gibi olarak benim bizim mi mı beri",
        "et": "ja on ei ole et see ma me te aga kui mis kes minu meie tere aitäh palun ka siis veel oli või kas",
        "hr": "je nije sam smo su se na da za od do ali može molim moj naš taj ta kada kako mi već pri hvala dobar dan ili "
        "koji koja biti nisam i",
        "sl": "je ni sem smo so se na da za od do ampak lahko prosim moj naš ta ko kako mi že pri hvala dober dan ali kateri "
        "ki biti nisem in",
        "vi": "và là không của tôi có cho các được này với một trong người khi đã xin chào cảm ơn ơn vui lòng từ thể máy",
        "id": "dan yang tidak saya ini itu untuk dengan dari di ke pada adalah bisa dapat kami anda terima kasih mohon sudah "
        "akan ada juga atau halo",
        "ca": "el la els les és són no jo vostè nosaltres amb per de del però pot una un meu nostre aquest aquesta que en al "
        "hola gràcies des quan molt si us plau he està més i",
        "lt": "ir yra ne aš jūs mes su bet kad tai kaip iš į ar prašau ačiū laba diena mano mūsų buvo gali nuo dar jau",
        "lv": "un ir nav es jūs mēs ar bet ka tas kā no uz vai lūdzu paldies labdien mans mūsu bija var kopš vēl jau",
    }.items()
}

#: Languages that a script tells, and the ranges of its letters.
SCRIPTS: dict[str, tuple[tuple[str, str], ...]] = {
    "ja": (("\u3041", "\u30ff"),),
    "zh": (("\u4e00", "\u9fff"), ("\u3400", "\u4dbf")),
    "ko": (("\uac00", "\ud7a3"), ("\u1100", "\u11ff")),
    "ru": (("\u0400", "\u04ff"),),
    "el": (("\u0370", "\u03ff"), ("\u1f00", "\u1fff")),
    "he": (("\u0590", "\u05ff"),),
    "ar": (("\u0600", "\u06ff"),),
    "th": (("\u0e00", "\u0e7f"),),
    "hi": (("\u0900", "\u097f"),),
    "ka": (("\u10a0", "\u10ff"),),
    "hy": (("\u0530", "\u058f"),),
}

#: Where a script serves several languages: the letters or words by which another one than the first is told, in order.
TELLING_LETTERS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "ru": (
        ("uk", ("і", "ї", "є", "ґ")),
        ("be", ("ў",)),
        ("sr", ("ђ", "ј", "љ", "њ", "ћ", "џ")),
        ("ru", ("ы", "э", "ё")),
        ("bg", ("ъ", " съм ", " моля", " благодар")),
    ),
    "ar": (("fa", ("پ", "چ", "ژ", "گ")),),
}

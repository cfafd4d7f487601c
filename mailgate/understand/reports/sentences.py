"""The sentences by which mail servers say that a mail was not delivered, is late or has arrived, and that its copy follows."""

#: All lower case. What a report calls the thing that it is about, in the languages in which servers write.
FAILED = (
    # English
    "could not be delivered", "couldn't be delivered", "couldn’t be delivered", "cannot be delivered", "can't be delivered",
    "was not delivered", "wasn't delivered", "were not delivered", "not been delivered", "undeliverable", "undelivered", "not be delivered",
    "unable to deliver", "could not deliver", "failed to deliver", "unable to be delivered", "not deliver mail", "failed permanently",
    "delivery failed", "delivery has failed", "delivery to the following", "delevery to the following", "delivery attempt",
    "did not reach the following", "permanent fatal errors", "permanent delivery errors", "fatal errors", "error delivering",
    "error sending your mail", "errors delivering", "trouble delivering", "problem delivering", "delivery error", "delivery failure",
    "delivery problem", "was not relayed", "returned to sender", "return to sender", "rejected recipient", "rejected your message",
    "has been rejected", "was rejected", "attempting to deliver", "trying to deliver", "transcript of session", "failure reasons",
    "unknown user:", "invalid user address", "invalid final delivery", "mailbox exceeds allowed size", "following address failed",
    "address(es) failed", "addresses failed", "failed recipient", "following recipients failed", "recipient(s) could not",
    "recipient(s) cannot", "message bounced", "bounced back", "automatically rejected", "did not reach", "could not be reached",
    "has been postponed", "affected recipient", "failed recipients", "able to deliver", "could not be sent", "failed to send",
    "non-deliverable", "non-delivered", "did not receive this message", "was rejected by a remote", "delivery of the email was stopped",
    "address has been ignored", "non-delivery report", "not deliverable", "has been blocked", "was blocked by", "refused to accept your",
    "refused by the destination", "delivery is not possible", "no valid recipients", "had delivery errors", "had delivery problems",
    "address is unknown at this server", "delivery was unsuccessful", "could not be completed", "could not be processed for",
    # German, French, Spanish, Italian, Portuguese, Dutch
    "nicht zugestellt", "unzustellbar", "zustellung fehlgeschlagen", "fehler bei der zustellung", "zustellung nicht möglich",
    "nicht ausgeliefert", "pu être remis", "pas été remis", "échec de la remise", "pas pu être délivré", "pas pu etre delivre",
    "pas pu être distribué", "non remis", "impossible de remettre", "échec de remise", "no se pudo entregar", "no se ha podido entregar",
    "no se puede entregar", "error de entrega", "error en la entrega", "no entregado", "no se entregó", "impossibile recapitare",
    "non è stato recapitato", "recapito non riuscito", "non recapitabile", "mancato recapito", "impossibile consegnare",
    "non è stato possibile consegnare", "não pôde ser entregue", "não pode ser entregue", "falha na entrega", "não foi possível entregar",
    "não foi entregue", "niet worden bezorgd", "niet worden afgeleverd", "niet bezorgd", "bezorging is mislukt", "onbestelbaar",
    # Nordic, Slavic, Hungarian, Greek, Turkish
    "kunde inte levereras", "gick inte att leverera", "kunne ikke leveres", "blev ikke leveret", "ble ikke levert", "ei voitu toimittaa",
    "toimitus epäonnistui", "nie można dostarczyć", "nie została dostarczona", "nie może zostać dostarczona", "niedostarczona",
    "nelze doručit", "nepodařilo se doručit", "nebyla doručena", "nepodarilo doručiť", "nem kézbesíthető", "kézbesítése nem sikerült",
    "nu a putut fi livrat", "не может быть доставлено", "не удалось доставить", "не доставлено", "не было доставлено",
    "не може бути доставлен", "не вдалося доставити", "δεν ήταν δυνατή η παράδοση", "teslim edilemedi", "teslim edilemiyor",
    # East Asian
    "配信できません", "配信できませんでした", "配信不能", "配送できません", "配達できません", "送信できません", "送信できなかった",
    "お届けできません", "届けることができません", "届けられません", "配信されません", "无法投递", "无法送达", "未能送达", "未送达",
    "投递失败", "退信", "無法傳遞", "無法投遞", "未能傳遞", "배달되지", "배달하지 못", "전송 실패", "반송",
)  # fmt: skip

#: The same in the languages that move their words about: one of the first group and one of the second, in one line or in two.
FAILED_PAIRS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("zustell", "zugestellt", "ausgeliefert", "auslieferung", "übermittelt"), ("nicht ", "fehler", "fehlgeschlagen", "gescheitert")),
    (("remise", "remis ", "livré", "livraison", "délivré", "distribué", "parvenu", "acheminé"), ("pas ", "échec", "impossible", "erreur")),
    (("entregar", "entregad", "entrega ", "enviar ", "enviado"), ("no se ", "no ha ", "no pud", "no fue", "error", "fallid", "imposible")),
    (("entregue", "entregar", "entrega ", "enviar ", "enviada"), ("não ", "falha", "erro ", "impossível")),
    (("recapit", "consegna", "inviat"), ("non ", "fallit", "errore", "impossibile", "mancat")),
    (("bezorg", "aflever", "afgelever"), ("niet ", "mislukt", "fout")),
    (("leverera", "leverans"), ("inte ", "misslyck", "fel ")),
    (("levere", "levert", "levering"), ("ikke ", "mislyk", "fejl", "feil")),
    (("toimit",), ("ei ", "epäonnist")),
    (("dostarcz", "doręcz"), ("nie ", "błąd", "niepowodz")),
    (("doruč",), ("nelze", "nepod", "nezda", "nebyl", "nemo", "selhal", "zlyhal", "chyba")),
    (("kézbesít",), ("nem ", "sikertelen", "hiba")),
    (("livra",), ("nu a", "nu p", "eșec", "eșuat")),
    (("teslim", "iletil", "gönderil"), ("edilem", "başarısız", "iletilem", "gönderilem")),
    (("宛先", "受信者", "メールアドレス"), ("存在しません", "見つかりません")),
    (("достав", "отправлен"), ("не ", "невозможн", "ошибк", "сбой")),
    (("достав", "надісла"), ("не ", "неможлив", "помилк")),
    (("παράδοσ", "παραδο"), ("δεν ", "αποτυχ", "αδύνατ")),
    (
        ("配信", "送信", "配送", "配達", "届", "送達"),
        ("できません", "できず", "できなか", "失敗", "不能", "られません", "されません", "しません"),
    ),
    (("投递", "送达", "发送", "传递", "發送", "投遞", "傳遞", "送達", "寄送"), ("无法", "無法", "失败", "失敗", "未能", "不能", "未成功")),
    (("배달", "전송", "발송", "전달", "보내"), ("못", "실패", "않", "수 없", "불가")),
    (("تسليم", "توصيل", "إرسال"), ("تعذ", "فشل", "لم يتم")),
    (("gửi", "chuyển"), ("không ", "thất bại")),
)

#: Not given up yet.
DELAYED = (
    "has been delayed", "been delayed", "is delayed for", "delayed for more", "delivery delayed", "delivery is delayed", "message delayed",
    "not yet been delivered", "not yet delivered", "not been delivered yet", "this is a warning message only",
    "only a temporary failure report", "temporary failure report", "message will be retried", "will be retried for",
    "delivery attempts will continue", "still being retried", "will keep trying", "will continue to try", "continue to attempt",
    "do not need to resend", "no need to resend", "delay reason:", "has been postponed", "continue to be made for",
    "could not send message for past", "temporary non-fatal errors", "transient non-fatal errors", "zustellung verzögert", "verzögert sich",
    "noch nicht zugestellt", "retardée", "se ha retrasado", "consegna ritardata", "vertraagd", "försenad", "доставка задерживается",
    "まだ配信されていません", "配信が遅延", "will retry for", "temporary problem delivering", "wurde verzögert", "weiterhin versucht",
    "versucht noch ", "réessaiera pendant", "volverá a intentarlo", "riproverà", "continuará tentando", "probeert het nog",
    "будет повторять попытки", "продолжит попытки", "a été retardé", "ha sido retras", "è stata ritardata", "foi atrasada", "is vertraagd",
    "har försenats", "er forsinket", "została opóźniona", "zpožděn", "была задержана", "遅延しています", "再試行します", "投递延迟",
    "已延迟", "將繼續嘗試", "将继续尝试", "지연되",
)  # fmt: skip

#: It has arrived, or has gone on to where nobody tells.
DELIVERED = (
    "was successfully delivered", "successfully delivered", "been delivered to the following", "was delivered to the following",
    "successfully sent to", "has been delivered", "successful delivery", "wurde zugestellt",
    "erfolgreich zugestellt", "a été remis", "se entregó", "è stato recapitato", "foi entregue",
)  # fmt: skip

#: It has gone on to a server that tells nothing further.
RELAYED = (
    "successfully relayed", "no delivery notification was sent", "delivery status notifications will not be",
    "keine zustellungsbenachricht", "keine zustellbestätigung", "aucune notification de remise", "ninguna notificación de entrega",
    "no envió ninguna notificación", "nessuna notifica di recapito", "nenhuma notificação de entrega", "geen bezorgingsmelding",
    "ingen leveransmeddelande", "配信通知は送信され", "配信通知が送信され", "未发送送达通知", "未发送传递通知",
)  # fmt: skip

#: A line with these words announces the returned mail.
ORIGINAL = (
    "this is a copy of the message", "this is a copy of your message", "copy of your message", "copy of the original",
    "copy of the message", "original message -", "original message follows", "original message headers", "original message header",
    "header of the original message", "headers of the original", "original message is attached", "unsent message follows",
    "returned message", "lines of your original message", "header of the source mail", "lines of the message", "unsent message below",
    "message headers follow", "message header follows", "message text follows", "headers of the message", "message headers:",
    "your original message", "undelivered message follows", "----original", "beginning of the original", "following is the original",
    "original mail", "content-type: message/rfc822", "content-type: text/rfc822-headers", "the text of your message",
    "en-têtes de message d'origine", "en-têtes du message d'origine", "message d'origine -", "kopfzeilen der ursprünglichen nachricht",
    "ursprüngliche nachrichtenkopf", "ursprüngliche nachricht -", "encabezados de mensaje original", "encabezados del mensaje original",
    "encabezados de mensajes originales", "intestazioni originali del messaggio", "intestazioni del messaggio originale",
    "cabeçalhos da mensagem original", "cabeçalhos de mensagem originais", "oorspronkelijke berichtkop", "originalmeddelandehuvuden",
    "заголовки исходного сообщения", "исходное сообщение", "元のメッセージ", "元のメール", "元メール", "原始邮件",
    "原始郵件", "원본 메시지",
)  # fmt: skip
#: No server begins a line of its own words so.
ORIGINAL_FIELDS = (
    "Received: ",
    "Received:from ",
    "Return-Path: ",
    "Return-path: ",
    "X-Received: ",
    "DKIM-Signature: ",
    "ARC-Seal: ",
    "X-Google-Smtp-Source: ",
)

#: The refusal came after DATA: in Exim's words, in Postfix's, in DragonFly's, and in a transcript of sendmail. All words of a row.
AFTER_DATA = (
    ("after end of data",), ("after sending message body",), ("in reply to end of data",), ("our final data",),
    (">>> data", "554 5.0.0 service unavailable"),
)  # fmt: skip

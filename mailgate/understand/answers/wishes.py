"""A requester's wish: one word, or a few that say nothing else, in each language of our letters. Never guessed from prose."""

import re
from collections.abc import Mapping

from mailgate.understand.answers.plain import plain

_LONGEST = 200  #: characters of a text that may be a wish

#: What a requester may write, alone, to mean it: of each wish in each language. Wishes whose doing is not built yet are read all the same.
#: No word stands here with which people also answer a question of ours: "done", "any news", "please help".
WISHES: Mapping[str, Mapping[str, str]] = {
    "status": {
        "en": "status|state|status please|please status|status update|current status|request status|ticket status|what is the status|"
        "what's the status|status of my request|my status",
        "de": "status|stand|sachstand|zwischenstand|aktueller stand|stand bitte|status bitte|bitte status|statusabfrage|"
        "wie ist der stand|wie ist der status|stand der anfrage|stand meiner anfrage",
        "fr": "statut|état|statut svp|statut s'il vous plaît|statut actuel|état actuel|état d'avancement|état de la demande|"
        "statut de la demande|statut de ma demande|quel est le statut|avancement|suivi de ma demande",
        "es": "estado|estatus|estado por favor|estado actual|situación|situación actual|consultar estado|consulta de estado|"
        "estado de la solicitud|estado de mi solicitud|cuál es el estado|estado de la consulta",
        "ar": "الحالة|حالة|الوضع|حالة الطلب|حالة طلبي|وضع الطلب|وضع طلبي|حالة التذكرة|ما الحالة|ما هي الحالة|ما هو الوضع|ما حالة الطلب|"
        "ما هي حالة الطلب|الحالة من فضلكم|الحالة لو سمحتم",
        "ja": "状況|ステータス|進捗|状態|現状|進捗状況|対応状況|現在の状況|状況確認|状況を教えてください|進捗を教えてください|"
        "状況お願いします|ステータス確認",
    },
    "close": {
        "en": "close|closed|solved|resolved|fixed|please close|close it|please close it|close please|close the request|"
        "you can close it|it is solved|it's solved|it is resolved|problem solved|problem resolved|all solved|solved thanks|"
        "solved thank you|resolved thanks|thanks solved",
        "de": "schließen|geschlossen|bitte schließen|kann geschlossen werden|abschließen|bitte abschließen|gelöst|ist gelöst|"
        "problem gelöst|gelöst danke|danke gelöst|erledigt|ist erledigt|hat sich erledigt|alles erledigt|erledigt danke|danke erledigt|"
        "behoben|problem behoben|geloest",
        "fr": "résolu|c'est résolu|problème résolu|résolu merci|merci résolu|réglé|c'est réglé|problème réglé|clore|clos|clôturer|"
        "clôturé|merci de clôturer|veuillez clôturer|vous pouvez clôturer|fermer|fermé|merci de fermer|clôture",
        "es": "resuelto|está resuelto|ya está resuelto|problema resuelto|resuelto gracias|gracias resuelto|solucionado|"
        "está solucionado|ya está solucionado|problema solucionado|solucionado gracias|cerrar|cerrado|cerrar por favor|"
        "por favor cerrar|pueden cerrarlo|puede cerrarse",
        "ar": "تم الحل|تم حلها|تم حل المشكلة|حلت المشكلة|انحلت المشكلة|المشكلة محلولة|تم إصلاح المشكلة|تم الحل شكرا|شكرا تم الحل|محلول|"
        "محلولة|إغلاق|إغلاق الطلب|يرجى الإغلاق|يرجى إغلاق الطلب|يمكن إغلاق الطلب|يمكنكم إغلاق الطلب|أغلقوا الطلب",
        "ja": "解決|解決済|解決済み|解決済みです|解決しました|解決いたしました|解決できました|無事解決しました|問題は解決しました|"
        "問題が解決しました|直りました|解決しました、ありがとうございます|解決しました、ありがとうございました|"
        "ありがとうございます、解決しました|クローズ|クローズしてください|クローズお願いします|終了",
    },
    "reopen": {
        "en": "reopen|re-open|please reopen|reopen please|reopen it|please reopen it|reopen the request|not solved|not resolved|"
        "not fixed|unsolved|it is not solved|it's not solved|still not solved|still not fixed|not solved yet|not yet solved",
        "de": "wieder öffnen|bitte wieder öffnen|wiedereröffnen|erneut öffnen|nicht gelöst|noch nicht gelöst|immer noch nicht gelöst|"
        "leider nicht gelöst|ist nicht gelöst|ungelöst|nicht erledigt|noch nicht erledigt|leider nicht erledigt|nicht behoben|"
        "noch nicht behoben|nicht geloest",
        "fr": "rouvrir|réouvrir|réouverture|merci de rouvrir|veuillez rouvrir|rouvrir svp|rouvrir la demande|non résolu|pas résolu|"
        "n'est pas résolu|ce n'est pas résolu|toujours pas résolu|pas encore résolu|problème non résolu|pas réglé|toujours pas réglé",
        "es": "reabrir|reabrir por favor|por favor reabrir|reabrir la solicitud|no resuelto|no está resuelto|aún no resuelto|"
        "aún no está resuelto|todavía no resuelto|problema no resuelto|no se ha resuelto|sin resolver|aún sin resolver|"
        "sigue sin resolverse|no solucionado|no está solucionado",
        "ar": "لم يتم الحل|لم يحل|لم تحل|لم تحل المشكلة|المشكلة لم تحل|لم يتم حل المشكلة|لم تنحل المشكلة|لم يتم حلها|غير محلول|"
        "غير محلولة|المشكلة مستمرة|المشكلة ما زالت موجودة|إعادة فتح|إعادة الفتح|إعادة فتح الطلب|يرجى إعادة الفتح|يرجى إعادة فتح الطلب",
        "ja": "未解決|未解決です|解決していません|解決していない|解決しておりません|まだ解決していません|まだ解決していない|"
        "まだ解決しておりません|解決しません|直っていません|まだ直っていません|再開|再開希望|再開してください|再オープン|再対応|"
        "再度対応してください",
    },
    "urgent": {
        "en": "urgent|it is urgent|it's urgent|this is urgent|very urgent|urgent please|please urgent|now urgent|it is urgent now|"
        "this is very urgent|it is very urgent|urgently please",
        "de": "dringend|es ist dringend|ist dringend|sehr dringend|bitte dringend|dringend bitte|es eilt|eilt|eilt sehr|jetzt dringend|"
        "es ist sehr dringend|das ist dringend|es eilt sehr",
        "fr": "urgent|c'est urgent|très urgent|c'est très urgent|urgent svp|urgent s'il vous plaît|urgence|demande urgente|"
        "ceci est urgent|urgent merci|cela devient urgent|ça devient urgent",
        "es": "urgente|es urgente|muy urgente|es muy urgente|urgente por favor|por favor urgente|urge|urge mucho|esto es urgente|"
        "ya es urgente|ahora es urgente|urgencia",
        "ar": "عاجل|عاجل جدا|الأمر عاجل|الأمر عاجل جدا|هذا عاجل|طلب عاجل|الطلب عاجل|مستعجل|مستعجل جدا|الأمر مستعجل|عاجل من فضلكم|"
        "عاجل لو سمحتم",
        "ja": "至急|大至急|緊急|緊急です|至急です|至急お願いします|大至急お願いします|至急対応願います|急ぎです|急いでいます|"
        "急ぎでお願いします|至急お願いいたします",
    },
    "cancel": {"en": "cancel", "de": "stornieren|abbrechen"},
    "help": {
        "en": "help|commands|help commands|list of commands|help with commands|instructions",
        "de": "hilfe|befehle|anleitung|hilfe zu befehlen|liste der befehle|hilfetext",
        "fr": "aide|commandes|instructions|mode d'emploi|liste des commandes|aide commandes",
        "es": "ayuda|comandos|instrucciones|lista de comandos|ayuda comandos|guía",
        "ar": "مساعدة|المساعدة|تعليمات|التعليمات|الأوامر|قائمة الأوامر|طريقة الاستخدام",
        "ja": "ヘルプ|使い方|使い方を教えてください|コマンド|コマンド一覧|操作方法|ご利用方法|利用方法",
    },
    "no surveys": {
        "en": "no surveys|no survey|no more surveys|no surveys please|please no surveys|stop surveys|no ratings|no rating requests|"
        "no feedback requests|unsubscribe from surveys|no surveys any more|no survey please",
        "de": "keine umfragen|keine umfrage|keine umfragen mehr|keine umfragen bitte|bitte keine umfragen|keine befragungen|"
        "keine bewertungen|keine bewertungsanfragen|umfragen abbestellen|bewertungen abbestellen|umfragen beenden|keine umfrage bitte",
        "fr": "pas d'enquête|pas d'enquêtes|plus d'enquête|plus d'enquêtes|aucune enquête|sans enquête|pas de sondage|pas de sondages|"
        "plus de sondages|aucun sondage|pas d'évaluations|stop enquêtes",
        "es": "sin encuestas|sin encuesta|no encuestas|no más encuestas|ninguna encuesta|no quiero encuestas|no enviar encuestas|"
        "basta de encuestas|cancelar encuestas|sin valoraciones|no deseo encuestas|no me envíen encuestas",
        "ar": "لا استبيانات|لا للاستبيانات|بدون استبيانات|بدون استبيان|لا أريد استبيانات|إيقاف الاستبيانات|لا استطلاعات|بدون استطلاعات|"
        "لا أريد استطلاعات|لا تقييمات|بدون تقييمات|لا ترسلوا استبيانات",
        "ja": "アンケート不要|アンケート不要です|アンケートは不要です|アンケート停止|アンケート配信停止|アンケートなし|"
        "アンケートはいりません|アンケートを送らないでください|アンケートを希望しません|アンケート拒否|評価依頼不要|評価依頼は不要です",
    },
}

_PHRASES: Mapping[str, str] = {
    plain(phrase): wish for wish, languages in WISHES.items() for phrases in languages.values() for phrase in phrases.split("|")
}
_LANGUAGE = re.compile(r"(?:language|sprache|langue|idioma|اللغه|لغه) ?([a-z]{2})|言語([a-z]{2})")
_QUESTIONS = ("status", "help")  #: wishes that may as well be asked with a question mark


def self_service(text: str) -> str | None:
    """The wish (`status`, `close`, `reopen`, `help`, ... `language de`) when the whole new text is one of its phrases or `#word`."""
    if len(text) > _LONGEST:
        return None
    phrase = plain(text).removeprefix("#").strip()
    if match := _LANGUAGE.fullmatch(phrase):
        return f"language {match[1] or match[2]}"
    if phrase in _PHRASES:
        return _PHRASES[phrase]
    asked = _PHRASES.get(phrase.rstrip("? ")) if phrase.endswith("?") else None
    return asked if asked in _QUESTIONS else None

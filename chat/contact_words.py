"""The words that ``contact_details`` knows: providers, messengers, and how people of several languages spell a sign out."""

# Endings of addresses. Not all there are: those that people write from, and none that code is full of (``.py``, ``.sh``).
TLDS = (
    "com|net|org|edu|gov|info|biz|eu|de|at|ch|li|fr|be|nl|lu|es|pt|it|uk|ie|dk|se|no|fi|is|pl|cz|sk|hu|ro|bg|gr|hr|si|rs|ba|"
    "ua|ru|by|kz|lt|lv|ee|tr|il|ae|sa|eg|ma|tn|dz|ng|gh|ke|ug|za|in|pk|bd|lk|cn|hk|tw|jp|kr|sg|my|th|vn|id|ph|au|nz|ca|us|mx|"
    "br|ar|cl|co|pe|ve|uy|me|io|app|dev|xyz|online|site|cloud|email|school|academy|live|pro|club|education"
)
# Those that are no word of the languages in which people say "dot".
TLDS_NO_WORDS = (
    "com|net|org|edu|gov|info|biz|eu|de|ch|fr|nl|lu|pt|uk|ie|dk|se|fi|pl|cz|sk|hu|ro|bg|gr|hr|rs|ua|ru|kz|lt|lv|ee|tr|ng|gh|"
    "ke|za|pk|bd|cn|hk|tw|jp|kr|sg|vn|ph|au|nz|ca|mx|br|ar|cl|co|it|es|at|in|com\\s*(?:dot|punto|point|punkt|ponto|\\.)\\s*(?:br|ar|mx|ng|au)|"
    "co\\s*(?:dot|\\.)\\s*(?:uk|in|za|nz|ke)|io"
)
PROVIDERS = (
    r"g\s?mail|googlemail|hotmail|outlook|yahoo|ymail|icloud|proton\s?mail|protonmail|proton|gmx|web\s?\.?\s?de|t-online|freenet|"
    r"posteo|mailbox|libero|virgilio|orange|wanadoo|laposte|free\.fr|sfr|seznam|interia|wp\.pl|onet|o2\.pl|yandex|mail\.ru|"
    r"rambler|ukr\.net|qq|163|126|naver|daum|hanmail|rediffmail|uol|terra|bol|aol|zoho|tutanota|fastmail"
)
# The sign @, spelt out or hidden.
AT = (
    r"\s{1,3}at\s{1,3}|\s{0,3}[\(\[\{<]\s{0,3}(?:at|a|ät|@|arroba|chiocciola|arobase|собака)\s{0,3}[\)\]\}>]\s{0,3}|\s{0,3}_at_\s{0,3}|\s{0,3}-at-\s{0,3}|\s{1,3}\bät\b\s{1,3}|\s{1,3}arroba\s{1,3}|"
    r"\s{1,3}arobas(?:e)?\s{1,3}|\s{1,3}chez\s{1,3}|\s{1,3}chiocciola\s{1,3}|\s{1,3}klammeraffe\s{1,3}|\s{1,3}małpa\s{1,3}|\s{1,3}malpa\s{1,3}|\s{1,3}собака\s{1,3}|\s{1,3}apenstaartje\s{1,3}|\s{1,3}snabel-?a\s{1,3}"
)
DOT = (
    r"(?:\s{0,3}[\(\[\{<]\s{0,3}(?:dot|punkt|point|punto|ponto|kropka|точка|\.)\s{0,3}[\)\]\}>]\s{0,3}|\s{1,3}(?:dot|punkt|point|punto|ponto|kropka|точка|tochka|punt|stip)\s{1,3}|"
    r"\s{0,3}_dot_\s{0,3}|\s{0,3}-dot-\s{0,3}|\s{0,3}\.\s{0,3})"
)
# Words before "at" and behind "my Telegram is" that are no names.
AWAY = frozenset(
    [
        "a",
        "about",
        "account",
        "again",
        "all",
        "also",
        "always",
        "am",
        "an",
        "and",
        "any",
        "are",
        "available",
        "away",
        "back",
        "be",
        "been",
        "best",
        "better",
        "blocked",
        "broken",
        "but",
        "can",
        "changed",
        "deleted",
        "do",
        "does",
        "down",
        "email",
        "for",
        "from",
        "full",
        "get",
        "go",
        "good",
        "gone",
        "great",
        "he",
        "her",
        "here",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "just",
        "kein",
        "kaputt",
        "keine",
        "leider",
        "like",
        "look",
        "looked",
        "looking",
        "mail",
        "me",
        "more",
        "my",
        "never",
        "new",
        "nicht",
        "no",
        "none",
        "not",
        "now",
        "off",
        "ok",
        "on",
        "one",
        "only",
        "or",
        "our",
        "out",
        "please",
        "same",
        "she",
        "slow",
        "so",
        "sorry",
        "than",
        "that",
        "the",
        "their",
        "them",
        "there",
        "they",
        "this",
        "to",
        "too",
        "today",
        "tomorrow",
        "und",
        "up",
        "us",
        "use",
        "used",
        "very",
        "was",
        "we",
        "weg",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "work",
        "worked",
        "working",
        "works",
        "yes",
        "you",
        "your",
        "meet",
        "met",
        "arrive",
        "stop",
        "start",
        "study",
        "stay",
        "are",
        "stock",
        "price",
        "shares",
        "ceo",
        "engineer",
        "job",
        "intern",
        "interned",
        "problem",
        "question",
        "value",
        "down",
        "big",
        "huge",
        "popular",
        "fun",
    ]
)
DOMAINS_OF_OTHERS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "bitbucket.com", "gitlab.io"})

PLATFORMS = (
    r"insta(?:gram)?|snap\s?chat|telegram[aeu]?|what'?s\s?app|whatsap|watsapp|discord|wechat|weixin|kakao(?:\s?talk)?|viber|face\s?book|"
    r"fb messenger|tik\s?tok|skype|twitter|linkedin|vkontakte|threema"
)
# Also words of mathematics, physics or everyday speech: they need "my …", an @, or "me on …".
OWN_AMBIGUOUS = r"snap|signal|line|messenger|zoom|ig|fb|tg|wa|dc|vk|teams|x|matrix"

LINKS = (
    r"wa\.me/\S+|(?:api|chat|web)\.whatsapp\.com\S*|whatsapp\.com/\S+|t\.me/\S+|telegram\.(?:me|dog)/\S+|discord\.gg/\S+|"
    r"discord(?:app)?\.com/(?:invite|users)/\S+|m\.me/\S+|fb\.(?:me|com)/\S+|(?:m\.)?facebook\.com/\S+|instagram\.com/\S+|instagr\.am/\S+|"
    r"snapchat\.com/(?:add|t)/\S+|signal\.(?:me|group)/\S+|line\.me/\S+|open\.kakao\.com/\S+|(?:join\.)?skype\.com/\S+|"
    r"(?:[a-z0-9-]+\.)?zoom\.us/(?:j|my|s)/\S+|meet\.google\.com/\S+|teams\.(?:microsoft|live)\.com/\S+|vk\.com/\S+|"
    r"calendly\.com/\S+|paypal\.me/\S+|venmo\.com/\S+|cash\.app/\S+|(?:www\.)?linkedin\.com/in/\S+|tiktok\.com/@\S+|"
    r"(?:twitter|x)\.com/\w+|viber://\S+|tg://\S+|skype:\S+\?\S+|whereby\.com/\S+|u\.wechat\.com/\S+|linktr\.ee/\S+"
)

# What people write before their number.
CUES = (
    r"whats\s?app|what'?s\s?app|watsapp|whatsap|\bwapp\b|\bviber\b|\b(?:my|our)\s{1,4}(?:[\w'’]{1,20}\s{1,4})?(?:number|num|no|nr|cell|mobile|phone)\b|\b(?:tele)?phone\b|"
    r"\bmobile\b|\bcell\s?phone\b|\bcall\s+me\b|\btext\s+me\b|\bring\s+me\b|\bsms\b|\breach\s+me\b|\bhandy(?:nummer|nr)?\b|\bmobil(?:nummer|nr)?\b|"
    r"\btelefon(?:nummer|nr|o|om|u)?\b|\btel\b\.?|\bmeine\s{1,4}(?:\w{1,20}\s{1,4})?(?:nummer|nr)\b|\bruf\s+mich\b|\brufen\s+sie\b|\bt[ée]l[ée]phone\b|\btél\b|"
    r"\bmon\s+(?:num[ée]ro|num|portable|06|07)\b|\bappel(?:le|ez)[- ]moi\b|\bmi\s+(?:n[úu]mero|m[óo]vil|celular|tel[ée]fono|cel)\b|\bll[áa]mame\b|"
    r"\btel[ée]fono\b|\bcelular\b|\bescr[íi]beme\s+al\b|\bil\s+mio\s+(?:numero|cell\w*)\b|\bchiamami\b|\bcellulare\b|\bmeu\s+(?:n[úu]mero|celular|zap|telefone)\b|"
    r"\bme\s+liga\b|\bzap\b|\bm[óo]j\s+(?:numer|telefon|tel)\b|\bzadzwo[ńn]\b|\bномер\b|\bтелефон\w*\b|\bпозвони\w*\b|\bзвони\w*\b|\bmijn\s+nummer\b|\bbel\s+me\b|"
    r"\bnumaram\b|电话|手机|號碼|号码|電話|番号|رقمي|واتساب|هاتف"
)

# Zero to nine, ten to a language: the place in the list, modulo ten, is the digit.
DIGIT_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|"
    "null|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|"
    "zéro|un|deux|trois|quatre|cinq|six|sept|huit|neuf|"
    "cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|"
    "nul|een|twee|drie|vier|vijf|zes|zeven|acht|negen|"
    "oh|eins|zwo|drei|vier|fuenf|sechs|sieben|acht|neun|"
    "ноль|один|два|три|четыре|пять|шесть|семь|восемь|девять"
)

// How the texts of a language are worded, as far as their letters tell: how they address whoever reads them, one word for one
// thing, and the language's own marks. `[what must not stand there, why]`.

/** Any of these words, whatever letters around it are small or large. */
const words = any => new RegExp(`(?<!\\p{L})(?:${any.replaceAll(' ', '|')})(?!\\p{L})`, 'iu');

const ANYWHERE = [
  [/["']|\.{3}/, 'quotes and apostrophes are curved, and dots one sign (…)'],
  [/\s{2}|\s$/, 'a blank says nothing there'],
];

const NO_BLANK_BEFORE_DOTS = [/\s…/, 'no blank stands before “…”'];
const GUILLEMETS = [/[“”„‘]/, 'quotes are « and »'];

const IN = {
  ar: [
    [/خدم(?:ة|ات) (?:ال)?توصيل/u, 'a delivery service is خدمة تسليم: the other one brings parcels'],
    [/(?<!\p{L})صِل(?!\p{L})/u, 'to connect is وصّل'],
    [/\p{Script=Arabic}[,;?]/u, 'marks are ، ؛ ؟'],
    [/اً/u, 'the sign stands before the alif: ًا'],
    NO_BLANK_BEFORE_DOTS,
    GUILLEMETS,
  ],
  de: [
    [words('du dich dir dein deine[mnrs]? deins'), 'who reads is “Sie”'],
    // What somebody is told to do, said to “du”.
    [
      words(
        'bestätige erlaube erstelle füge gib klicke lade lies lösche melde nimm öffne prüfe schließe schreib schreibe setz setze sieh ' +
          'signiere verbinde versuche verwende wähle warte',
      ),
      'who reads is “Sie”',
    ],
    [words('gespräch(?:e|en|s)?'), 'it is an “Unterhaltung”'],
    [words('unterschr(?:eib|ieb|ift)\\p{L}*'), 'wallets “signieren”'],
    [/[^\s{]…| …/, 'a no-break space stands before “…”'],
    [/[«»”]/, 'quotes are „ and “'],
  ],
  en: [NO_BLANK_BEFORE_DOTS, [/[«»„]/, 'quotes are “ and ”']],
  es: [
    [words('usted ustedes'), 'who reads is “tú”'],
    // Of others, too, much is “su”: these things are nobody’s here but the reader’s.
    [/(?<!\p{L})sus? (?:cuenta|dispositivo|monedero|navegador|nodo|perfil|próximo)s?(?!\p{L})/iu, 'who reads is “tú”'],
    // What somebody is told to do, said to “usted”; within a sentence these words mean something else.
    [/(?<!\p{L})(?:Abra|Busque|Compruebe|Conecte|Confirme|Elija|Escriba|Guarde|Haga|Mire|Pida|Pruebe|Recargue|Revise|Vuelva)(?!\p{L})/u, 'who reads is “tú”'],
    [words('bloquéelo bloquéela conéctelo guárdelo inténtelo revíselo'), 'who reads is “tú”'],
    [words('billeteras? carteras?'), 'it is a “monedero”'],
    [words('ap(?:ue|o)st\\p{L}*'), 'it is a “depósito”: nobody bets'],
    NO_BLANK_BEFORE_DOTS,
    GUILLEMETS,
  ],
  fr: [
    [words('tu te toi ton ta tes tien tienne tiens tiennes t’\\p{L}+'), 'who reads is “vous”'],
    [words('opérateurs? opératrices?'), 'who runs a node is its “exploitant”'],
    [/[ \p{L}\p{N})}][;!?»]|«[^\u202f]| %/u, 'a narrow no-break space (U+202F) stands at « ; ! ? » %'],
    [/ :|[\p{L}\p{N})}]:(?: |$)/u, 'a no-break space (U+00A0) stands before a colon'],
    NO_BLANK_BEFORE_DOTS,
    GUILLEMETS,
  ],
  zh: [
    [/您/u, 'who reads is 你'],
    [/会话/u, 'it is a 对话'],
    [/写信|来信/u, 'what is written are messages (消息), not letters'],
    [/押注|赌/u, 'it is a deposit (押金): nobody bets'],
    [/\p{Script=Han}[,;:?!.]/u, 'marks are of full width'],
    [/……/u, 'it is one sign (…)'],
    NO_BLANK_BEFORE_DOTS,
    [/[«»„]/, 'quotes are “ and ”'],
  ],
};

/** What is wrong with how a message is worded. Only what begins with a blank in English may do so. */
export function wordingFaults(message, english, language) {
  const faults = [...ANYWHERE, ...(IN[language] ?? [])].flatMap(([unwanted, why]) => {
    const found = unwanted.exec(message);
    return found ? [`has “${found[0]}”: ${why}`] : [];
  });
  return /^\s/.test(message) && !/^\s/.test(english) ? [...faults, 'begins with a blank'] : faults;
}

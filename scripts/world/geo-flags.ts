/** Facts about flags, from npm data: capitals, internet and calling codes (countries-list), cities and map positions (city-timezones). */
import { cityMapping } from 'city-timezones';
import { countries, type TCountryCode } from 'countries-list';
import type { FactRow, SceneSpec } from '../../lib/world';
import { rowOf } from './rows';

/** Countries with a flag concept, by ISO code; the name is the one of the concept. */
export const FLAG_OF: Record<string, string> = {
  ...{
    JP: 'Japan',
    FR: 'France',
    DE: 'Germany',
    IT: 'Italy',
    US: 'the United States',
    GB: 'the United Kingdom',
  },
  ...{ CA: 'Canada', BR: 'Brazil', CN: 'China', IN: 'India', KR: 'South Korea', CH: 'Switzerland' },
  ...{ SE: 'Sweden', GR: 'Greece', IL: 'Israel', JM: 'Jamaica', ZA: 'South Africa', AU: 'Australia' },
  ...{ AR: 'Argentina', MX: 'Mexico', BE: 'Belgium', NL: 'the Netherlands', RU: 'Russia', UA: 'Ukraine' },
  ...{ ES: 'Spain', PT: 'Portugal', NO: 'Norway', DK: 'Denmark', FI: 'Finland', VN: 'Vietnam', EG: 'Egypt' },
  ...{
    KE: 'Kenya',
    NG: 'Nigeria',
    SA: 'Saudi Arabia',
    PK: 'Pakistan',
    CU: 'Cuba',
    NP: 'Nepal',
    AT: 'Austria',
  },
  ...{ TH: 'Thailand', PL: 'Poland', CO: 'Colombia', IS: 'Iceland', CL: 'Chile', BD: 'Bangladesh' },
  ...{ LK: 'Sri Lanka', BT: 'Bhutan', KH: 'Cambodia', PE: 'Peru' },
};
const CODES = Object.keys(FLAG_OF) as TCountryCode[];

export function flagConcept(code: string): string {
  return `flag of ${FLAG_OF[code].toLowerCase()}`;
}

/** One flag, alone and large. `code` is an ISO code. */
export function flagRow(relation: string, subject: string, code: string, source: string): FactRow {
  return rowOf({
    family: relation === 'geo-flag-code' ? 'entity' : 'wise-space',
    subDomain: 'flags',
    relation,
    subject,
    answer: `the flag of ${FLAG_OF[code]}`,
    scene: { background: 'sky', objects: [{ concept: flagConcept(code) }] },
    source,
  });
}

/**
 * Left out: seats that are disputed or several (Israel, Sri Lanka, South Africa, the Netherlands, governed from The Hague),
 * Bern (by law no capital), London (capital of England too), and Mexico City, which says its country.
 */
const NO_CAPITAL = ['IL', 'LK', 'ZA', 'NL', 'CH', 'GB', 'MX'];
const CAPITAL_SPELLING: Record<string, string> = { US: 'Washington', BR: 'Brasilia', CO: 'Bogota' };

export function capitalOf(code: string): string {
  return CAPITAL_SPELLING[code] ?? countries[code as TCountryCode].capital;
}

const COUNTRIES_LIST = 'npm countries-list 3.4.1';

export function capitalFacts(): FactRow[] {
  return CODES.filter((code) => !NO_CAPITAL.includes(code)).map((code) =>
    flagRow('geo-flag-capital', capitalOf(code), code, `${COUNTRIES_LIST}, capital of ${code}`),
  );
}

/** ISO 3166 codes in small letters are the country-code domains, save for .uk. */
export function domainFacts(): FactRow[] {
  return CODES.map((code) =>
    flagRow(
      'geo-flag-domain',
      code === 'GB' ? '.uk' : `.${code.toLowerCase()}`,
      code,
      `IANA Root Zone Database; ${COUNTRIES_LIST}, country code`,
    ),
  );
}

/** Calling codes of one country only; Italy's serves the Vatican as well, Israel's a part of the Palestinian territories. */
export function callingFacts(): FactRow[] {
  const shared = (code: TCountryCode, phone: number): boolean =>
    Object.entries(countries).some(([other, { phone: theirs }]) => other !== code && theirs.includes(phone));
  return CODES.filter((code) => {
    const [phone] = countries[code].phone;
    return !String(phone).startsWith('1') && !['IT', 'IL'].includes(code) && !shared(code, phone);
  }).map((code) =>
    flagRow(
      'geo-flag-phone',
      `+${countries[code].phone[0]}`,
      code,
      `${COUNTRIES_LIST}, calling code of ${code}`,
    ),
  );
}

/** Current money by ISO 4217 code, only names that a single country uses for money of its own. */
const MONEY: [name: string, currency: string, code: TCountryCode][] = [
  ['the yen', 'JPY', 'JP'],
  ['the real that is used as money today', 'BRL', 'BR'],
  ['the renminbi', 'CNY', 'CN'],
  ['the rand', 'ZAR', 'ZA'],
  ['the zloty', 'PLN', 'PL'],
  ['the baht', 'THB', 'TH'],
  ['the dong', 'VND', 'VN'],
  ['the hryvnia', 'UAH', 'UA'],
  ['the taka', 'BDT', 'BD'],
  ['the ngultrum', 'BTN', 'BT'],
  ['the riel', 'KHR', 'KH'],
  ['the money called the sol', 'PEN', 'PE'],
  ['the naira', 'NGN', 'NG'],
];
/** Money before the euro. Not the lira: Malta had one too. */
const OLD_MONEY: [name: string, code: TCountryCode][] = [
  ['the drachma', 'GR'],
  ['the peseta', 'ES'],
  ['the escudo before the euro', 'PT'],
  ['the schilling before the euro', 'AT'],
  ['the guilder before the euro', 'NL'],
  ['the markka', 'FI'],
  ['the pfennig', 'DE'],
];

export function moneyFacts(): FactRow[] {
  const current = MONEY.map(([name, currency, code]) => {
    if (!countries[code].currency.includes(currency as never))
      throw new Error(`${code} has no ${currency} in countries-list`);
    return flagRow('geo-flag-money', name, code, `${COUNTRIES_LIST}, currency ${currency}`);
  });
  const old = OLD_MONEY.map(([name, code]) => {
    if (!countries[code].currency.includes('EUR')) throw new Error(`${code} has no euro in countries-list`);
    return flagRow('geo-flag-money', name, code, "Wikipedia, 'Eurozone', replaced currencies");
  });
  return [...current, ...old];
}

/** Large cities that are no capital; the third is the spelling of city-timezones. */
export const CITIES: [city: string, code: string, spelling?: string][] = [
  ['Osaka', 'JP'],
  ['Marseille', 'FR'],
  ['Munich', 'DE'],
  ['Milan', 'IT'],
  ['Chicago', 'US'],
  ['Montreal', 'CA', 'Montréal'],
  ['Sao Paulo', 'BR'],
  ['Shanghai', 'CN'],
  ['Mumbai', 'IN'],
  ['Busan', 'KR'],
  ['Zurich', 'CH', 'Zürich'],
  ['Gothenburg', 'SE', 'Göteborg'],
  ['Thessaloniki', 'GR'],
  ['Haifa', 'IL'],
  ['Montego Bay', 'JM'],
  ['Johannesburg', 'ZA'],
  ['Brisbane', 'AU'],
  ['Ushuaia', 'AR'],
  ['Monterrey', 'MX'],
  ['Antwerp', 'BE', 'Antwerpen'],
  ['Rotterdam', 'NL'],
  ['Novosibirsk', 'RU'],
  ['Lviv', 'UA', 'Lvov'],
  ['Seville', 'ES'],
  ['Porto', 'PT'],
  ['Bergen', 'NO'],
  ['Aarhus', 'DK', 'Århus'],
  ['Tampere', 'FI'],
  ['Da Nang', 'VN'],
  ['Luxor', 'EG'],
  ['Mombasa', 'KE'],
  ['Kano', 'NG'],
  ['Jeddah', 'SA'],
  ['Lahore', 'PK'],
  ['Camaguey', 'CU'],
  ['Pokhara', 'NP'],
  ['Salzburg', 'AT'],
  ['Chiang Mai', 'TH'],
  ['Krakow', 'PL', 'Kraków'],
  ['Medellin', 'CO'],
  ['Akureyri', 'IS', 'Akureyi'],
  ['Valparaiso', 'CL'],
  ['Sylhet', 'BD'],
  ['Kandy', 'LK'],
  ['Paro', 'BT'],
  ['Siem Reap', 'KH'],
  ['Cusco', 'PE'],
];

/** A city of city-timezones by either spelling. Throws when it is not there. */
export function cityOf(name: string, code: string): { lat: number; lng: number; timezone: string } {
  const found = cityMapping
    .filter(({ city, city_ascii, iso2 }) => iso2 === code && (city === name || city_ascii === name))
    .sort((a, b) => b.pop - a.pop)[0];
  if (!found) throw new Error(`city-timezones has no ${name} in ${code}`);
  return found;
}

export function cityFacts(): FactRow[] {
  return CITIES.map(([city, code, spelling]) => {
    cityOf(spelling ?? city, code);
    return flagRow('geo-flag-city', city, code, `npm city-timezones 1.3.4, country of ${city}`);
  });
}

/** Cities of two countries that a map shows clearly beside or above one another. No city is in another list. */
export const MAP_PAIRS: [a: [city: string, code: string], b: [city: string, code: string]][] = [
  [
    ['Valencia', 'ES'],
    ['Coimbra', 'PT'],
  ],
  [
    ['Uppsala', 'SE'],
    ['Turku', 'FI'],
  ],
  [
    ['Umea', 'SE'],
    ['Trondheim', 'NO'],
  ],
  [
    ['Nantes', 'FR'],
    ['Stuttgart', 'DE'],
  ],
  [
    ['Rosario', 'AR'],
    ['La Serena', 'CL'],
  ],
  [
    ['Wroclaw', 'PL'],
    ['Hannover', 'DE'],
  ],
  [
    ['Daegu', 'KR'],
    ['Jinan', 'CN'],
  ],
  [
    ['Daejeon', 'KR'],
    ['Nagoya', 'JP'],
  ],
  [
    ['Recife', 'BR'],
    ['Arequipa', 'PE'],
  ],
  [
    ['Bhopal', 'IN'],
    ['Khulna', 'BD'],
  ],
  [
    ['Naples', 'IT'],
    ['Zaragoza', 'ES'],
  ],
  [
    ['Bordeaux', 'FR'],
    ['Turin', 'IT'],
  ],
  [
    ['Kisumu', 'KE'],
    ['Ibadan', 'NG'],
  ],
  [
    ['Medina', 'SA'],
    ['Aswan', 'EG'],
  ],
  [
    ['Udon Thani', 'TH'],
    ['Hue', 'VN'],
  ],
  [
    ['Denver', 'US'],
    ['Calgary', 'CA'],
  ],
  [
    ['Asyut', 'EG'],
    ['Eldoret', 'KE'],
  ],
  [
    ['Odense', 'DK'],
    ['Stavanger', 'NO'],
  ],
  [
    ['Naples', 'IT'],
    ['Leipzig', 'DE'],
  ],
  [
    ['Cali', 'CO'],
    ['Trujillo', 'PE'],
  ],
  [
    ['Holguin', 'CU'],
    ['Barranquilla', 'CO'],
  ],
  [
    ['Liege', 'BE'],
    ['Groningen', 'NL'],
  ],
  [
    ['Gdansk', 'PL'],
    ['Sundsvall', 'SE'],
  ],
  [
    ['Sapporo', 'JP'],
    ['Adelaide', 'AU'],
  ],
  [
    ['Khon Kaen', 'TH'],
    ['Chengdu', 'CN'],
  ],
];

/** 'left of' or 'above' as `a` lies to `b` or `b` to `a`, with the one that comes first. Throws when a map shows neither. */
export function mapOrder(
  a: [string, string],
  b: [string, string],
): { relation: NonNullable<SceneSpec['relation']>; first: string; second: string } {
  const [from, to] = [a, b].map(([city, code]) => cityOf(city, code));
  const north = to.lat - from.lat;
  const east = (to.lng - from.lng) * Math.cos(((from.lat + to.lat) * Math.PI) / 360);
  if (Math.max(Math.abs(north), Math.abs(east)) < 1.3 * Math.min(Math.abs(north), Math.abs(east)))
    throw new Error(`${a[0]} and ${b[0]}: neither clearly beside nor above (${east}, ${north})`);
  const beside = Math.abs(east) > Math.abs(north);
  const [first, second] = (beside ? east > 0 : north < 0) ? [a[1], b[1]] : [b[1], a[1]];
  return { relation: beside ? 'left of' : 'above', first, second };
}

export function mapFacts(): FactRow[] {
  return MAP_PAIRS.map(([a, b]) => {
    const { relation, first, second } = mapOrder(a, b);
    const concepts = [first, second].map(flagConcept);
    return rowOf({
      family: 'wise-space',
      subDomain: 'maps',
      relation: 'geo-map-side',
      subject: `${a[0]} and ${b[0]}`,
      answer: `the flag of ${FLAG_OF[first]} ${relation} the flag of ${FLAG_OF[second]}`,
      scene: { background: 'table', relation, objects: concepts.map((concept) => ({ concept })) },
      criteria: {
        answer: [
          ...concepts.map((concept) => ({ kind: 'has' as const, concept, count: 1 })),
          { kind: 'relation', relation, first: concepts[0], second: concepts[1] },
        ],
        details: [{ kind: 'background', value: 'table' }],
      },
      source: 'npm city-timezones 1.3.4, positions of the two cities',
      hops: 2,
    });
  });
}

export function flagFacts(): FactRow[] {
  return [
    ...capitalFacts(),
    ...domainFacts(),
    ...callingFacts(),
    ...moneyFacts(),
    ...cityFacts(),
    ...mapFacts(),
  ];
}

/** Facts of hours, weekdays, light, moon phases and seasons, computed with the IANA zones of Node and with astronomy-engine. */
import { Body, Equator, Horizon, MoonPhase, Observer, SearchMoonPhase } from 'astronomy-engine';
import type { Background, FactRow, Predicate, TimeOfDay } from '../../lib/world';
import { rowOf } from './rows';

/** Years in which a row that names no year must be true. */
export const YEARS = [2024, 2025, 2026, 2027];

/** Zone, latitude and longitude of the places in prompts. */
export const PLACES: Record<string, [zone: string, latitude: number, longitude: number]> = {
  Tokyo: ['Asia/Tokyo', 35.7, 139.7],
  Osaka: ['Asia/Tokyo', 34.7, 135.5],
  Seoul: ['Asia/Seoul', 37.6, 127],
  Beijing: ['Asia/Shanghai', 39.9, 116.4],
  Manila: ['Asia/Manila', 14.6, 121],
  Singapore: ['Asia/Singapore', 1.3, 103.8],
  Bangkok: ['Asia/Bangkok', 13.8, 100.5],
  Mumbai: ['Asia/Kolkata', 19.1, 72.9],
  Kathmandu: ['Asia/Kathmandu', 27.7, 85.3],
  Karachi: ['Asia/Karachi', 24.9, 67],
  Dubai: ['Asia/Dubai', 25.2, 55.3],
  Nairobi: ['Africa/Nairobi', -1.3, 36.8],
  Cairo: ['Africa/Cairo', 30, 31.2],
  Johannesburg: ['Africa/Johannesburg', -26.2, 28],
  Athens: ['Europe/Athens', 38, 23.7],
  Rome: ['Europe/Rome', 41.9, 12.5],
  Berlin: ['Europe/Berlin', 52.5, 13.4],
  Paris: ['Europe/Paris', 48.9, 2.4],
  Lagos: ['Africa/Lagos', 6.5, 3.4],
  London: ['Europe/London', 51.5, -0.1],
  Lisbon: ['Europe/Lisbon', 38.7, -9.1],
  Accra: ['Africa/Accra', 5.6, -0.2],
  Reykjavik: ['Atlantic/Reykjavik', 64.1, -21.9],
  'Rio de Janeiro': ['America/Sao_Paulo', -22.9, -43.2],
  'Buenos Aires': ['America/Argentina/Buenos_Aires', -34.6, -58.4],
  'New York': ['America/New_York', 40.7, -74],
  Lima: ['America/Lima', -12, -77],
  Chicago: ['America/Chicago', 41.9, -87.6],
  Denver: ['America/Denver', 39.7, -105],
  Tucson: ['America/Phoenix', 32.2, -111],
  'Los Angeles': ['America/Los_Angeles', 34.1, -118.2],
  Anchorage: ['America/Anchorage', 61.2, -149.9],
  Honolulu: ['Pacific/Honolulu', 21.3, -157.9],
  Auckland: ['Pacific/Auckland', -36.8, 174.8],
  Fiji: ['Pacific/Fiji', -18.1, 178.4],
  Sydney: ['Australia/Sydney', -33.9, 151.2],
  Adelaide: ['Australia/Adelaide', -34.9, 138.6],
  Darwin: ['Australia/Darwin', -12.5, 130.8],
  Perth: ['Australia/Perth', -32, 115.9],
  'Cape Town': ['Africa/Johannesburg', -33.9, 18.4],
  Mauritius: ['Indian/Mauritius', -20.2, 57.5],
  Colombo: ['Asia/Colombo', 6.9, 79.9],
};

interface WallClock {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  weekday: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What calendar and clock of a zone show at an instant. */
export function wallClock(instant: Date, zone: string): WallClock {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'long',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(zone, format);
  }
  const parts = format.formatToParts(instant);
  const of = (type: string): string => parts.find((part) => part.type === type)!.value;
  const [year, month, day, hour, minute] = ['year', 'month', 'day', 'hour', 'minute'].map((t) =>
    Number(of(t)),
  );
  return { year, month, day, hour, minute, weekday: of('weekday') };
}

/** The instant at which clocks of a zone show a date and hour. Throws when there is none. */
export function instantOf(zone: string, year: number, month: number, day: number, hour: number): Date {
  const wanted = Date.UTC(year, month - 1, day, hour);
  let instant = new Date(wanted);
  for (let round = 0; round < 3; round++) {
    const clock = wallClock(instant, zone);
    const shown = Date.UTC(clock.year, clock.month - 1, clock.day, clock.hour, clock.minute);
    if (shown === wanted) return instant;
    instant = new Date(instant.getTime() + wanted - shown);
  }
  throw new Error(`${zone}: no ${year}-${month}-${day} ${hour}:00`);
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);

/** 'noon', '6 PM', '5:30 AM'. */
export function hourWords(hour: number, minute = 0): string {
  if (minute === 0 && hour === 12) return 'noon';
  if (minute === 0 && hour === 0) return 'midnight';
  return `${hour % 12 === 0 ? 12 : hour % 12}${minute ? `:${String(minute).padStart(2, '0')}` : ''} ${hour < 12 ? 'AM' : 'PM'}`;
}
function clockText(hour: number, minute: number): string {
  return hour === 12 && minute === 0 ? '12 NOON' : hourWords(hour, minute).toUpperCase();
}

type Asked = [there: string, here: string, hour: number, day: number, month: number];

/** What the clock shows elsewhere. Dates in January and July, on both sides of summer time. */
export const CLOCKS: Asked[] = [
  ['Tokyo', 'London', 12, 15, 1],
  ['Tokyo', 'London', 12, 15, 7],
  ['Chicago', 'Paris', 17, 15, 1],
  ['Sydney', 'London', 9, 15, 1],
  ['Sydney', 'London', 9, 15, 7],
  ['Mumbai', 'London', 8, 15, 1],
  ['Mumbai', 'Tokyo', 15, 15, 7],
  ['Kathmandu', 'London', 6, 15, 1],
  ['Los Angeles', 'New York', 20, 15, 7],
  ['Honolulu', 'Los Angeles', 12, 15, 7],
  ['Honolulu', 'Los Angeles', 12, 15, 1],
  ['New York', 'Rome', 13, 15, 1],
  ['Cairo', 'New York', 15, 15, 1],
  ['Nairobi', 'Berlin', 9, 15, 7],
  ['Nairobi', 'Berlin', 18, 15, 1],
  ['Perth', 'Sydney', 11, 15, 7],
  ['Perth', 'Sydney', 20, 15, 1],
  ['Auckland', 'Tokyo', 7, 15, 1],
  ['Auckland', 'Tokyo', 7, 15, 7],
  ['Lisbon', 'Rome', 8, 15, 7],
  ['Athens', 'London', 7, 15, 7],
  ['Reykjavik', 'Berlin', 23, 15, 7],
  ['Reykjavik', 'Berlin', 3, 15, 1],
  ['Tucson', 'New York', 6, 15, 7],
  ['Tucson', 'New York', 6, 15, 1],
  ['Darwin', 'Singapore', 10, 15, 7],
  ['Adelaide', 'Beijing', 14, 15, 1],
  ['Dubai', 'Paris', 16, 15, 1],
  ['Karachi', 'Dubai', 12, 15, 7],
  ['Colombo', 'Singapore', 15, 15, 1],
  ['Bangkok', 'London', 22, 15, 7],
  ['Lima', 'Buenos Aires', 3, 15, 1],
  ['Buenos Aires', 'London', 23, 15, 1],
  ['Anchorage', 'New York', 2, 15, 1],
  ['Denver', 'London', 18, 15, 7],
  ['Manila', 'Los Angeles', 22, 15, 1],
];

export function clockFacts(): FactRow[] {
  return CLOCKS.map(([there, here, hour, day, month]) => {
    const texts = new Set(
      YEARS.map((year) => {
        const { hour: h, minute } = wallClock(
          instantOf(PLACES[here][0], year, month, day, hour),
          PLACES[there][0],
        );
        return clockText(h, minute);
      }),
    );
    const [text] = texts;
    if (texts.size !== 1) throw new Error(`${there} from ${here}: ${[...texts].join(', ')}`);
    return rowOf({
      family: 'wise-time',
      subDomain: 'longitudinal time',
      relation: 'geo-clock',
      subject: `${there} time at ${hourWords(hour)} in ${here} on ${day} ${MONTHS[month - 1]}`,
      answer: text,
      scene: { background: 'white', objects: [{ concept: 'clock' }], text: [text] },
      source: 'IANA time zone database',
    });
  });
}

const WEEK = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Which day it is elsewhere: the second is the day at `here`. True all through the year. */
export const WEEKDAYS: [there: string, here: string, hour: number, weekday: string][] = [
  ['Tokyo', 'New York', 20, 'Friday'],
  ['Honolulu', 'Tokyo', 9, 'Monday'],
  ['Sydney', 'Los Angeles', 18, 'Sunday'],
  ['Los Angeles', 'Berlin', 5, 'Saturday'],
  ['Auckland', 'London', 15, 'Monday'],
  ['New York', 'Singapore', 8, 'Friday'],
  ['Beijing', 'Chicago', 21, 'Saturday'],
  ['Chicago', 'Sydney', 10, 'Sunday'],
  ['Fiji', 'Paris', 16, 'Thursday'],
  ['Denver', 'Mumbai', 9, 'Tuesday'],
  ['Manila', 'Honolulu', 12, 'Wednesday'],
  ['Lima', 'Bangkok', 7, 'Wednesday'],
  ['Perth', 'London', 21, 'Wednesday'],
  ['Anchorage', 'London', 4, 'Monday'],
  ['Seoul', 'Rio de Janeiro', 18, 'Thursday'],
];

export function weekdayFacts(): FactRow[] {
  return WEEKDAYS.map(([there, here, hour, weekday]) => {
    const days = new Set<string>();
    for (const year of YEARS)
      for (let day = 1; day <= 365; day++) {
        const noon = new Date(Date.UTC(year, 0, day, 12));
        if (WEEK[noon.getUTCDay()] !== weekday) continue;
        const instant = instantOf(PLACES[here][0], year, noon.getUTCMonth() + 1, noon.getUTCDate(), hour);
        days.add(wallClock(instant, PLACES[there][0]).weekday);
      }
    const [found] = days;
    if (days.size !== 1) throw new Error(`${there} from ${here}: ${[...days].join(', ')}`);
    return weekdayRow(
      `the weekday in ${there} at ${hourWords(hour)} on ${weekday} in ${here}`,
      found,
      'IANA time zone database',
    );
  });
}

/** Days of well-known events in the Gregorian calendar; the weekday is computed. None was a Wednesday: nine letters. */
export const DATES: [year: number, month: number, day: number][] = [
  [1776, 7, 4],
  [1969, 7, 20],
  [1903, 12, 17],
  [1912, 4, 15],
  [1918, 11, 11],
  [1941, 12, 7],
  [1944, 6, 6],
  [1953, 6, 2],
  [1957, 10, 4],
  [1989, 11, 9],
  [1953, 5, 29],
  [1927, 5, 21],
  [2000, 1, 1],
  [1805, 10, 21],
  [1789, 7, 14],
  [1906, 4, 18],
].filter(([year, month, day]) => weekdayOf(year, month, day) !== 'Wednesday') as [number, number, number][];

/** By Sakamoto's method. */
export function weekdayOf(year: number, month: number, day: number): string {
  const y = month < 3 ? year - 1 : year;
  const shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month - 1];
  return WEEK[(y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + shift + day) % 7];
}

export function dateFacts(): FactRow[] {
  return DATES.map(([year, month, day]) =>
    weekdayRow(
      `the weekday of ${day} ${MONTHS[month - 1]} ${year}`,
      weekdayOf(year, month, day),
      'Gregorian calendar, computed',
    ),
  );
}

function weekdayRow(subject: string, weekday: string, source: string): FactRow {
  return rowOf({
    family: 'wise-time',
    subDomain: 'calendar',
    relation: 'geo-weekday',
    subject,
    answer: weekday,
    scene: { background: 'white', objects: [{ concept: 'calendar' }], text: [weekday.toUpperCase()] },
    source,
  });
}

/** Height of the sun in degrees, refraction included. */
export function sunHeight(instant: Date, latitude: number, longitude: number): number {
  const observer = new Observer(latitude, longitude, 0);
  const { ra, dec } = Equator(Body.Sun, instant, observer, true, true);
  return Horizon(instant, observer, ra, dec, 'normal').altitude;
}

/** At high latitudes the light is not what the hour promises. */
const POLAR_WORDS: Record<TimeOfDay, string> = {
  day: 'bright, as by day',
  night: 'dark, as at night',
  sunrise: 'glowing, at sunrise',
  sunset: 'glowing, at sunset',
};

const LIGHT_WORDS: Record<TimeOfDay, string> = {
  day: 'bright, by day',
  night: 'dark, at night',
  sunrise: 'glowing, at sunrise',
  sunset: 'glowing, at sunset',
};

/** What the light is called: undefined when it is between two names. */
export function lightOf(instant: Date, latitude: number, longitude: number): TimeOfDay | undefined {
  const height = sunHeight(instant, latitude, longitude);
  if (height > 12) return 'day';
  if (height < -12) return 'night';
  if (height < -2 || height > 4.5) return undefined;
  const later = sunHeight(new Date(instant.getTime() + 600000), latitude, longitude);
  return later > height ? 'sunrise' : 'sunset';
}

const VIEWS: [string, Background, string][] = [
  ['a beach in', 'beach', 'Rio de Janeiro'],
  ['a beach in', 'beach', 'Sydney'],
  ['the city of', 'city', 'Tokyo'],
  ['the city of', 'city', 'Paris'],
  ['a beach in', 'beach', 'Honolulu'],
  ['the desert near', 'desert', 'Cairo'],
  ['the city of', 'city', 'New York'],
  ['a beach in', 'beach', 'Lagos'],
  ['a meadow near', 'meadow', 'Berlin'],
  ['the city of', 'city', 'Lima'],
  ['the sea off', 'sea', 'Fiji'],
  ['the city of', 'city', 'Bangkok'],
  ['the desert near', 'desert', 'Dubai'],
  ['the sea off', 'sea', 'Mauritius'],
  ['a beach near', 'beach', 'Los Angeles'],
  ['a beach near', 'beach', 'Colombo'],
];
const HERE = [
  'London',
  'New York',
  'Tokyo',
  'Athens',
  'Johannesburg',
  'Chicago',
  'Auckland',
  'Buenos Aires',
  'Seoul',
  'Rome',
  'Denver',
  'Manila',
  'Accra',
];
const WHEN: [day: number, month: number][] = [
  [21, 3],
  [21, 6],
  [23, 9],
  [21, 12],
];
const ORDER: TimeOfDay[] = ['sunrise', 'sunset', 'day', 'night'];

/** Views, dates and hours are walked through in a fixed order until 32 rows have the four lights in turn. */
export const LIGHTS = walkLights(32);

function walkLights(wanted: number): [string, Background, ...Asked][] {
  const rows: [string, Background, ...Asked][] = [];
  for (let round = 0; round < 12; round++)
    for (const [i, [view, background, there]] of VIEWS.entries()) {
      const here = HERE[(i * 5 + round * 3) % HERE.length];
      const [day, month] = WHEN[(i + round) % WHEN.length];
      if (here === there || rows.length >= wanted) continue;
      const isWanted = (hour: number): boolean =>
        YEARS.every((year) => {
          const instant = instantOf(PLACES[here][0], year, month, day, hour);
          return lightOf(instant, PLACES[there][1], PLACES[there][2]) === ORDER[rows.length % ORDER.length];
        });
      const hour = [...Array(24).keys()].map((h) => (h * 7 + 5 * i) % 24).find(isWanted);
      if (hour !== undefined) rows.push([view, background, there, here, hour, day, month]);
    }
  return rows;
}

export function lightFacts(): FactRow[] {
  return LIGHTS.map(([view, background, there, here, hour, day, month]) => {
    const [zone] = PLACES[here];
    const lights = new Set(
      YEARS.map((year) =>
        lightOf(instantOf(zone, year, month, day, hour), PLACES[there][1], PLACES[there][2]),
      ),
    );
    const [time] = lights;
    if (lights.size !== 1 || !time)
      throw new Error(`${there} from ${here} at ${hour}: ${[...lights].join(', ')}`);
    return lightRow(
      'geo-light-there',
      `${view} ${there} when it is ${hourWords(hour)} in ${here} on ${day} ${MONTHS[month - 1]}`,
      background,
      time,
      'IANA time zone database; npm astronomy-engine 2.1.19',
      LIGHT_WORDS[time],
    );
  });
}

function lightRow(
  relation: string,
  subject: string,
  background: Background,
  time: TimeOfDay,
  source: string,
  answer: string,
): FactRow {
  const answers: Predicate[] = [{ kind: 'time', value: time }];
  return rowOf({
    family: 'wise-time',
    subDomain: relation === 'geo-polar' ? 'latitude' : 'longitudinal time',
    relation,
    subject,
    answer,
    scene: { background, time, objects: [] },
    criteria: { answer: answers, details: [{ kind: 'background', value: background }] },
    source,
  });
}

/** Far north and south, by the local clock (UTC at the poles). */
export const POLAR: [
  view: string,
  background: Background,
  zone: string,
  lat: number,
  lng: number,
  hour: number,
  day: number,
  month: number,
][] = [
  ['the harbour of Hammerfest', 'sea', 'Europe/Oslo', 70.7, 23.7, 0, 21, 6],
  ['the fjord at Tromso', 'sea', 'Europe/Oslo', 69.6, 19, 0, 21, 6],
  ['the tundra near Longyearbyen', 'snow', 'Arctic/Longyearbyen', 78.2, 15.6, 12, 21, 12],
  ['the coast of Alert in Nunavut', 'snow', 'America/Toronto', 82.5, -62.3, 12, 21, 12],
  ['the coast of Alert in Nunavut', 'snow', 'America/Toronto', 82.5, -62.3, 0, 21, 6],
  ['McMurdo Station', 'snow', 'Antarctica/McMurdo', -77.8, 166.7, 0, 21, 12],
  ['McMurdo Station', 'snow', 'Antarctica/McMurdo', -77.8, 166.7, 0, 21, 6],
  ['the beach of Reykjavik', 'beach', 'Atlantic/Reykjavik', 64.1, -21.9, 0, 21, 6],
  ['the beach of Reykjavik', 'beach', 'Atlantic/Reykjavik', 64.1, -21.9, 3, 21, 6],
  ['a lake near Rovaniemi', 'lake', 'Europe/Helsinki', 66.5, 25.7, 18, 21, 12],
  ['the beach of Ushuaia', 'beach', 'America/Argentina/Ushuaia', -54.8, -68.3, 20, 21, 6],
  ['the beach of Ushuaia', 'beach', 'America/Argentina/Ushuaia', -54.8, -68.3, 10, 21, 6],
  ['the beach of Ushuaia', 'beach', 'America/Argentina/Ushuaia', -54.8, -68.3, 18, 21, 12],
  ['the beach of Ushuaia', 'beach', 'America/Argentina/Ushuaia', -54.8, -68.3, 22, 21, 12],
  ['the beach of Ushuaia', 'beach', 'America/Argentina/Ushuaia', -54.8, -68.3, 5, 21, 12],
  ['the harbour of Bodo', 'sea', 'Europe/Oslo', 67.3, 14.4, 18, 21, 3],
  ['the harbour of Bodo', 'sea', 'Europe/Oslo', 67.3, 14.4, 6, 21, 3],
];

/** As `lightOf`, but a sun that never sets makes day however low it is, and one that never rises night once it is 9 degrees down. */
export function polarLight(instant: Date, latitude: number, longitude: number): TimeOfDay | undefined {
  const heights = [...Array(25).keys()].map((hour) =>
    sunHeight(new Date(instant.getTime() + (hour - 12) * 3600000), latitude, longitude),
  );
  if (heights.every((height) => height > 0)) return 'day';
  if (heights.every((height) => height < -1) && heights[12] < -9) return 'night';
  return lightOf(instant, latitude, longitude);
}

export function polarFacts(): FactRow[] {
  return POLAR.map(([view, background, zone, lat, lng, hour, day, month]) => {
    const lights = new Set(
      YEARS.map((year) => polarLight(instantOf(zone, year, month, day, hour), lat, lng)),
    );
    const [time] = lights;
    if (lights.size !== 1 || !time) throw new Error(`${view} at ${hour}: ${[...lights].join(', ')}`);
    return lightRow(
      'geo-polar',
      `${view} at ${hourWords(hour)} local time on ${day} ${MONTHS[month - 1]}`,
      background,
      time,
      'npm astronomy-engine 2.1.19, height of the sun',
      POLAR_WORDS[time],
    );
  });
}

/** Moments of well-known events, in UTC, on a date that is the same there. */
export const MOON_EVENTS: [utc: string, words: string][] = [
  ['1969-07-20T20:00', 'when Apollo 11 landed'],
  ['1912-04-15T05:00', 'when the Titanic sank'],
  ['1944-06-06T06:00', 'the Normandy landings'],
  ['1941-12-07T18:00', 'the day of Pearl Harbor'],
  ['1957-10-04T19:30', 'when Sputnik was launched'],
  ['1961-04-12T06:00', 'when Gagarin orbited the Earth'],
  ['1903-12-17T16:00', 'when the Wright brothers flew'],
  ['1906-04-18T13:00', 'the San Francisco earthquake'],
  ['1937-05-06T23:00', 'when the Hindenburg burned'],
  ['1953-05-29T06:00', 'when Everest was climbed'],
  ['1989-11-09T20:00', 'when the border of Berlin opened'],
  ['1918-11-11T11:00', 'the armistice'],
  ['1805-10-21T12:00', 'the battle of Trafalgar'],
  ['1863-11-19T18:00', 'the Gettysburg Address'],
  ['1927-05-21T20:30', 'when Lindbergh reached Paris'],
  ['1908-06-30T00:30', 'the Tunguska blast'],
  ['1977-09-05T13:00', 'when Voyager 1 left'],
  ['1990-04-24T13:00', 'when Hubble was launched'],
  ['1980-05-18T16:00', 'when Saint Helens erupted'],
  ['1937-05-27T18:00', "when San Francisco's red bridge opened"],
  ['1968-12-24T14:00', 'when Apollo 8 entered lunar orbit'],
  ['1972-12-11T20:00', 'when Apollo 17 landed'],
  ['1970-04-11T19:00', 'when Apollo 13 left'],
  ['1971-02-05T09:00', 'when Apollo 14 landed'],
  ['1971-07-30T22:00', 'when Apollo 15 landed'],
  ['1985-07-13T15:00', 'the day of Live Aid'],
  ['2017-08-21T18:00', 'the eclipse over Oregon'],
  ['2024-04-08T18:00', 'the eclipse over Texas'],
  ['1919-05-29T13:00', "Eddington's eclipse"],
  ['1999-08-11T11:00', 'the eclipse over Cornwall'],
  ['2018-07-27T20:20', 'the red eclipse over Europe'],
  ['2014-11-12T15:30', 'when Philae landed'],
  ['1966-02-03T18:45', 'when Luna 9 landed'],
  ['2023-08-23T12:30', 'when Chandrayaan-3 landed'],
  ['1973-10-20T05:00', 'when the Sydney Opera House opened'],
  ['1914-08-15T16:00', 'when the Panama Canal opened'],
  ['1869-11-17T10:00', 'when the Suez Canal opened'],
  ['2010-01-04T16:00', 'when the Burj Khalifa opened'],
  ['1969-03-02T14:00', 'when Concorde first flew'],
  ['1922-11-04T10:00', "when Carter found Tutankhamun's steps"],
  ['1911-12-14T14:00', 'when Amundsen reached the South Pole'],
  ['1954-05-06T17:00', 'when Bannister ran his mile'],
  ['1967-12-03T03:00', 'the first heart transplant'],
  ['1996-07-05T16:00', 'when Dolly was born'],
  ['1930-02-18T22:00', 'when Pluto was found'],
  ['1846-09-23T22:00', 'when Neptune was found'],
  ['1901-12-12T16:30', "when Marconi's signal crossed the Atlantic"],
  ['2000-01-01T12:00', "New Year's Day"],
  ['1889-05-06T12:00', 'when the Paris exhibition opened'],
  ['2012-07-27T20:00', 'when the London Olympics opened'],
  ['1896-04-06T13:00', 'when the Athens Olympics opened'],
  ['1851-05-01T11:00', 'when the Great Exhibition opened'],
  ['1783-11-21T13:00', 'when two men first flew by hot air'],
  ['1865-04-14T20:00', "the evening at Ford's Theatre"],
  ['1994-07-16T20:00', 'when a comet first struck Jupiter'],
  ['1876-03-10T20:00', "the day of Bell's first call"],
  ['1895-11-08T18:00', 'when Roentgen found his rays'],
  ['1945-07-16T11:30', 'the Trinity test'],
  ['1886-10-28T18:00', 'when Liberty was unveiled in New York'],
  ['1955-07-17T18:00', 'when Disneyland opened'],
  ['1975-07-17T16:20', 'when Apollo met Soyuz'],
  ['1981-04-12T12:00', 'when the first shuttle flew'],
  ['1966-07-30T15:00', 'when England won the World Cup'],
  ['1964-10-10T06:00', 'when the Tokyo Olympics opened'],
  ['1969-11-19T07:00', 'when Apollo 12 landed'],
  ['1962-02-20T15:00', 'when John Glenn orbited the Earth'],
  ['1963-06-16T10:00', 'when Tereshkova was launched'],
  ['1965-03-18T08:30', 'when Leonov left his capsule'],
  ['1976-07-20T12:00', 'when Viking 1 landed'],
  ['1997-07-04T17:00', 'when Pathfinder landed'],
  ['2015-07-14T12:00', 'when New Horizons passed Pluto'],
  ['2021-02-18T21:00', 'when Perseverance landed'],
  ['2019-01-03T03:00', "when Chang'e 4 landed"],
  ['1959-10-07T04:00', 'when Luna 3 took its pictures'],
  ['1986-01-24T18:00', 'when Voyager 2 passed Uranus'],
  ['1989-08-25T04:00', 'when Voyager 2 passed Neptune'],
  ['2004-06-08T08:00', 'the transit of Venus'],
  ['2025-03-14T07:00', 'the red eclipse over the Americas'],
  ['1936-08-01T16:00', 'when the Berlin Olympics opened'],
  ['1988-09-17T02:00', 'when the Olympics of Seoul opened'],
  ['1992-07-25T19:00', 'when the Barcelona Olympics opened'],
  ['1996-07-19T23:30', 'when the Atlanta Olympics opened'],
  ['2000-09-15T09:00', 'when the Sydney Olympics opened'],
  ['2004-08-13T18:00', 'when the Athens Olympics opened'],
  ['2016-08-05T23:30', 'when the Rio Olympics opened'],
  ['2024-07-26T18:00', 'when the Paris Olympics opened'],
  ['1932-03-19T00:30', 'when the Sydney Harbour Bridge opened'],
  ['1883-05-24T20:00', 'when the Brooklyn Bridge opened'],
  ['1894-06-30T12:00', 'when London got its Tower Bridge'],
  ['1994-05-06T12:00', 'when the Channel Tunnel opened'],
  ['1994-05-10T10:00', 'when Mandela took office'],
  ['1961-01-20T17:00', 'when Kennedy took office'],
  ['1610-01-07T18:00', "when Galileo first saw Jupiter's satellites"],
];

const PHASES = [
  'new moon',
  'waxing crescent moon',
  'first quarter moon',
  'waxing gibbous moon',
  'full moon',
  'waning gibbous moon',
  'last quarter moon',
  'waning crescent moon',
];

/** The phase by the moon's distance from the sun in degrees; undefined near a border between two names. */
export function phaseName(degrees: number): string | undefined {
  const eighth = Math.round(degrees / 45) % 8;
  const off = Math.abs(degrees - 45 * Math.round(degrees / 45));
  // New, quarter and full moons are moments: within 7 degrees (14 hours). The others are all that lies well between.
  if (eighth % 2 === 0) return off < 7 ? PHASES[eighth] : undefined;
  return off < 26 ? PHASES[eighth] : undefined;
}

/** Whether almanacs list the exact moment of a new, quarter or full moon on the UTC day of an instant. */
function isListed(phase: string, instant: Date): boolean {
  const midnight = new Date(instant.toISOString().slice(0, 10));
  return SearchMoonPhase(45 * PHASES.indexOf(phase), midnight, 1) !== null;
}

/** At most five of a phase, in the order of MOON_EVENTS. */
export function moonFacts(): FactRow[] {
  const counts = new Map<string, number>();
  return MOON_EVENTS.flatMap(([utc, words]) => {
    const instant = new Date(`${utc}Z`);
    const name = phaseName(MoonPhase(instant));
    if (!name || (counts.get(name) ?? 0) >= 5) return [];
    if (PHASES.indexOf(name) % 2 === 0 && !isListed(name, instant)) return [];
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const [year, month, day] = utc.slice(0, 10).split('-').map(Number);
    return [
      rowOf({
        family: 'wise-time',
        subDomain: 'moon phases',
        relation: 'geo-moon-date',
        subject: `${day} ${MONTHS[month - 1]} ${year}, ${words}`,
        answer: `a ${name}`,
        scene: { background: 'space', objects: [{ concept: name }] },
        source: `npm astronomy-engine 2.1.19, MoonPhase ${utc}Z`,
      }),
    ];
  });
}

/** Places with four seasons; south of the equator they are turned round. */
export const SEASONS: [place: string, latitude: number, month: number][] = [
  ['Cape Town', -33.9, 1],
  ['Melbourne', -37.8, 7],
  ['Wellington', -41.3, 10],
  ['Montevideo', -34.9, 4],
  ['Vienna', 48.2, 1],
  ['Boston', 42.4, 4],
  ['Kyoto', 35, 10],
  ['Stockholm', 59.3, 7],
  ['Santiago', -33.4, 10],
  ['Hobart', -42.9, 1],
  ['Buenos Aires', -34.6, 7],
  ['Christchurch', -43.5, 4],
  ['Toronto', 43.7, 7],
  ['Prague', 50.1, 10],
  ['Seoul', 37.6, 1],
  ['Dublin', 53.3, 4],
];

export function seasonOf(latitude: number, month: number): string {
  const north = ['WINTER', 'SPRING', 'SUMMER', 'AUTUMN'];
  const index = Math.floor((month % 12) / 3);
  return north[(index + (latitude < 0 ? 2 : 0)) % 4];
}

export function seasonFacts(): FactRow[] {
  return SEASONS.map(([place, latitude, month]) => {
    const text = seasonOf(latitude, month);
    return rowOf({
      family: 'wise-time',
      subDomain: 'season',
      relation: 'geo-season',
      subject: `the season in ${place} in ${MONTHS[month - 1]}`,
      answer: text.toLowerCase(),
      scene: { background: 'paper', objects: [], text: [text] },
      source: "Wikipedia, 'Season', meteorological seasons",
    });
  });
}

export function skyFacts(): FactRow[] {
  return [
    ...clockFacts(),
    ...weekdayFacts(),
    ...dateFacts(),
    ...lightFacts(),
    ...polarFacts(),
    ...moonFacts(),
    ...seasonFacts(),
  ];
}

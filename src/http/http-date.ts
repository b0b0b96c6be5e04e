/** Dates in header fields: RFC 9110 section 5.6.7. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_DAY = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)";
const MONTH = `(?<month>${MONTHS.join("|")})`;
const TIME = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";

const FORMATS = [
  // IMF-fixdate, the one that is written today: Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^${DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  // C's asctime(): Sun Nov  6 08:49:37 1994
  new RegExp(`^${DAY} ${MONTH} (?<day>\\d\\d| \\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * The last two-digit year that lies in this century. Readers must place such a year at most fifty years ahead of
 * their clock; this module has none, and 2026, when it was written, stands in.
 */
const LAST_YEAR_OF_THIS_CENTURY = 76;

/** Reads a date in any of the three formats; `undefined` when it is none, or no day of the calendar. */
export function parseHttpDate(text: string): Date | undefined {
  for (const format of FORMATS) {
    const parts = format.exec(text.trim())?.groups;
    if (parts !== undefined) return toDate(parts);
  }
  return undefined;
}

function toDate(parts: Readonly<Record<string, string>>): Date | undefined {
  const month = MONTHS.indexOf(parts["month"] ?? "");
  const day = Number(parts["day"]);
  const hour = Number(parts["hour"]);
  const minute = Number(parts["minute"]);
  // A leap second is written as 60, and counts as the first second of the next minute.
  const second = Number(parts["second"]);
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(fullYear(parts["year"] ?? ""), month, day);
  // A day that the month does not have runs over into another.
  if (date.getUTCMonth() !== month) return undefined;
  date.setUTCHours(hour, minute, second);
  return date;
}

function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length > 2) return year;
  return year <= LAST_YEAR_OF_THIS_CENTURY ? 2000 + year : 1900 + year;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago something was, in its largest unit; "just now" for less than a minute, and for what lies ahead. */
export function ago(at: Date, now: Date): string {
  const passed = now.getTime() - at.getTime();
  const [unit, name] = passed >= DAY ? [DAY, 'day'] : passed >= HOUR ? [HOUR, 'hour'] : [MINUTE, 'minute'];
  const count = Math.floor(passed / unit);
  if (count < 1) {
    return 'just now';
  }
  return `${String(count)} ${name}${count === 1 ? '' : 's'} ago`;
}

/** A time as "1 Mar 2026, 12:00" on the account's own clock; UTC where its time zone is not known here. */
export function dated(at: Date, timeZone: string): string {
  const form = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' } as const;
  try {
    return new Intl.DateTimeFormat('en-GB', { ...form, timeZone }).format(at);
  } catch {
    return `${new Intl.DateTimeFormat('en-GB', { ...form, timeZone: 'UTC' }).format(at)} UTC`;
  }
}

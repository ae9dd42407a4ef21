// Civil days and times where the service is.

const ZONE = 'Asia/Hebron';

const part = (options, at) => new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, ...options }).format(at);

/** `2026-11-26`, so many days from today. */
export function day(ahead = 0) {
  return part({ dateStyle: 'short' }, new Date(Date.now() + ahead * 86_400_000));
}

/** `09:30`, so many minutes ago. */
export function clock(minutesAgo = 0) {
  return part({ timeStyle: 'short' }, new Date(Date.now() - minutesAgo * 60_000));
}

// Numbers that bound files of settings.

/** A `.env`, join or configuration file: 64 KiB is some hundred times what any of them holds. */
export const maxSettingsFileBytes = 64 * 1024

/** A wrong name is corrected by at most a third of it: more is another word. */
export const maxNameDistanceShare = 1 / 3

/** An editor saves a file in several steps, some milliseconds apart: they are one change. */
export const fileSettleMs = 100

-- Every endpoint that a tenant has ever had a job for.
CREATE TABLE queue (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    UNIQUE (tenant, endpoint)
) STRICT;

-- Times are milliseconds since 1970 in UTC.
CREATE TABLE job (
    number INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL REFERENCES queue (id),
    -- UTF-8, any: SQLite's text ends with the first NUL.
    id BLOB NOT NULL,
    -- What tells it from others with the same id; NULL where the id does.
    instance TEXT,
    body BLOB NOT NULL,
    run_at INTEGER NOT NULL,
    -- What it waits for: 'time' to pass, an exclusive job's 'turn' (its own or another's), or the end of its 'lease'.
    awaits TEXT NOT NULL DEFAULT 'time' CHECK (awaits IN ('time', 'turn', 'lease')),
    lease INTEGER CHECK ((lease IS NOT NULL) = (awaits = 'lease')),
    -- How often this run has been handed out.
    attempt INTEGER NOT NULL DEFAULT 0,
    invoked INTEGER NOT NULL DEFAULT 0 CHECK (invoked IN (0, 1)),
    exclusive INTEGER NOT NULL CHECK (exclusive IN (0, 1)),
    -- The waits between runs that fail, with commas between them.
    retry TEXT NOT NULL,
    every INTEGER CHECK (every >= 0),
    cron TEXT,
    time_zone TEXT CHECK ((time_zone IS NOT NULL) = (cron IS NOT NULL)),
    times INTEGER CHECK (times >= 1),
    count INTEGER NOT NULL DEFAULT 1 CHECK (count >= 1),
    UNIQUE (queue, id)
) STRICT;

CREATE INDEX job_in_queue ON job (queue);
CREATE INDEX job_due ON job (run_at, id) WHERE awaits = 'time';
CREATE INDEX job_awaiting_turn ON job (queue, run_at, id) WHERE awaits = 'turn';
CREATE INDEX job_leased ON job (number) WHERE awaits = 'lease';

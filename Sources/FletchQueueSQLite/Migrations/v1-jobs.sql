-- Every endpoint that a tenant has ever had a job for.
CREATE TABLE queue (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    UNIQUE (tenant, endpoint)
) STRICT;

-- Times are milliseconds since 1970 in UTC.
--
-- What a run changes keeps its length, and the body comes last: SQLite writes only pages that change, so that a long body
-- is written once, not each time its job is leased or settled.
CREATE TABLE job (
    number INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL REFERENCES queue (id),
    -- 'pending' until its time has come, 'blocked' by an exclusive job (itself or another), or 'running'.
    -- Not IN: SQLite would make a table of the three for each row that is checked.
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state = 'pending' OR state = 'blocked' OR state = 'running'),
    -- 2^40 for none, others are above it: all of six bytes.
    lease INTEGER NOT NULL DEFAULT 1099511627776 CHECK ((lease > 1099511627776) = (state = 'running')),
    run_at INTEGER NOT NULL,
    -- How often this run has been handed out.
    attempt INTEGER NOT NULL DEFAULT 0,
    count INTEGER NOT NULL DEFAULT 1 CHECK (count >= 1),
    times INTEGER CHECK (times >= 1),
    every INTEGER CHECK (every >= 0),
    cron TEXT,
    time_zone TEXT CHECK ((time_zone IS NOT NULL) = (cron IS NOT NULL)),
    exclusive INTEGER NOT NULL CHECK (exclusive BETWEEN 0 AND 1),
    -- The waits between runs that fail, with commas between them.
    retry TEXT NOT NULL,
    -- UTF-8, any: SQLite's text ends with the first NUL.
    id BLOB NOT NULL,
    -- What tells it from others with the same id; NULL where the id does.
    instance TEXT,
    body BLOB NOT NULL,
    UNIQUE (queue, id)
) STRICT;

CREATE INDEX job_in_queue ON job (queue);
CREATE INDEX job_pending ON job (run_at, id) WHERE state = 'pending';
CREATE INDEX job_blocked ON job (queue, run_at, id) WHERE state = 'blocked';
CREATE INDEX job_schedule ON job (cron, time_zone) WHERE cron IS NOT NULL;
CREATE INDEX job_running ON job (number) WHERE state = 'running';

-- A group of a queue's jobs, which run one at a time; there as long as one of them is.
CREATE TABLE job_group (
    id INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL REFERENCES queue (id),
    name BLOB NOT NULL,
    UNIQUE (queue, name)
) STRICT;

-- As it was, but for what follows. What a run changes comes before the body, and keeps its length with few exceptions: SQLite
-- writes only pages that change, so that a long body is written once.
CREATE TABLE new_job (
    number INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL REFERENCES queue (id),
    -- Where it waits in order: its queue's id, or its group's, negative.
    lane INTEGER NOT NULL,
    -- Why a pending job that is due does not run is nowhere written: that is known by what runs, and by the policies.
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state = 'pending' OR state = 'running'),
    lease INTEGER NOT NULL DEFAULT 1099511627776 CHECK ((lease > 1099511627776) = (state = 'running')),
    run_at INTEGER NOT NULL,
    -- When this run was due, where it waits to be retried; else that is run_at.
    due_at INTEGER,
    -- How often this run has been handed out.
    attempt INTEGER NOT NULL DEFAULT 0,
    -- How often it has failed.
    failures INTEGER NOT NULL DEFAULT 0,
    -- Which repetition it is, from 1.
    run INTEGER NOT NULL DEFAULT 1 CHECK (run >= 1),
    -- Repetitions and retries together, from 1.
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

INSERT INTO new_job (
    number, queue, lane, run_at, attempt, failures, run, count, times, every, cron, time_zone, exclusive, retry, id, instance,
    body)
SELECT number, queue, queue, run_at, attempt, iif(every IS NULL AND cron IS NULL, count - 1, 0),
    iif(every IS NULL AND cron IS NULL, 1, count), count, times, every, cron, time_zone, exclusive, retry, id, instance, body
FROM job ORDER BY number;

DROP TABLE job;
ALTER TABLE new_job RENAME TO job;

CREATE INDEX job_in_queue ON job (queue);
CREATE INDEX job_in_lane ON job (lane, run_at, id, exclusive) WHERE state = 'pending';
CREATE INDEX job_retried ON job (lane) WHERE failures > 0 AND lane < 0;
CREATE INDEX job_schedule ON job (cron, time_zone) WHERE cron IS NOT NULL;
CREATE INDEX job_running ON job (number) WHERE state = 'running';

-- Deliveries that have failed: the last of each job, and of each dead letter.
CREATE TABLE attempt (
    -- The number of the job, or that of the dead letter, negative.
    owner INTEGER NOT NULL,
    -- In the order that they were made in.
    number INTEGER NOT NULL,
    count INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    -- In milliseconds.
    duration INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    status INTEGER,
    -- Fletch's code.
    error TEXT,
    -- The beginning of what the endpoint has said. UTF-8, any: SQLite's text ends with the first NUL.
    answer BLOB,
    PRIMARY KEY (owner, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER job_gone AFTER DELETE ON job BEGIN
    DELETE FROM attempt WHERE owner = OLD.number;
END;

-- Runs that have failed for good, each with its job as it was when it was last due.
CREATE TABLE dead_letter (
    -- No number comes back.
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    -- As its queue has it, unless the tenant has been revoked: then it is nobody's, and is deleted with the queue.
    tenant TEXT NOT NULL,
    queue INTEGER NOT NULL REFERENCES queue (id),
    reason TEXT NOT NULL CHECK (reason = 'failed' OR reason = 'ended' OR reason = 'expired'),
    status INTEGER,
    error TEXT,
    -- Of the last run.
    attempts INTEGER NOT NULL,
    failed_at INTEGER NOT NULL,
    -- Whether the job goes on repeating without it.
    repeats INTEGER NOT NULL CHECK (repeats BETWEEN 0 AND 1),
    -- Of the body, and of what the endpoint has said.
    bytes INTEGER NOT NULL,
    id BLOB NOT NULL,
    instance TEXT,
    run_at INTEGER NOT NULL,
    run INTEGER NOT NULL,
    count INTEGER NOT NULL,
    times INTEGER,
    every INTEGER,
    cron TEXT,
    time_zone TEXT,
    exclusive INTEGER NOT NULL,
    retry TEXT NOT NULL,
    group_name BLOB,
    body BLOB NOT NULL
) STRICT;

-- These two have all that dead letters are looked for and counted by: what does not match is not read.
CREATE INDEX dead_letter_of_tenant ON dead_letter (tenant, number, queue, bytes, reason, status, failed_at);
CREATE INDEX dead_letter_in_queue ON dead_letter (queue, number, bytes, reason, status, failed_at);
CREATE INDEX dead_letter_of_job ON dead_letter (queue, id, number);
CREATE INDEX dead_letter_by_time ON dead_letter (failed_at);

CREATE TRIGGER dead_letter_gone AFTER DELETE ON dead_letter BEGIN
    DELETE FROM attempt WHERE owner = -OLD.number;
END;

-- What holds for a queue, an origin or everything ('*') of a tenant: JSON.
CREATE TABLE policy (
    tenant TEXT NOT NULL,
    target TEXT NOT NULL,
    policy TEXT NOT NULL,
    PRIMARY KEY (tenant, target)
) STRICT, WITHOUT ROWID;

-- When the token bucket of a rate is full again, where that was more than a second away: nanoseconds since 1970.
CREATE TABLE rate (
    -- Empty for the operator's policies.
    tenant TEXT NOT NULL,
    target TEXT NOT NULL,
    full_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, target)
) STRICT, WITHOUT ROWID;

-- What few jobs ask for, apart from them, so that the others have nothing of it.
CREATE TABLE job_option (
    -- The number of the job, or that of the dead letter, negative.
    owner INTEGER PRIMARY KEY,
    -- JSON.
    options TEXT NOT NULL,
    -- When the job expires: as long as it waits. NULL for never, and while it runs.
    expires_at INTEGER
) STRICT;

CREATE INDEX job_expiry ON job_option (expires_at) WHERE expires_at IS NOT NULL;

-- Only ever changed together with the body, behind which it comes.
ALTER TABLE job ADD COLUMN has_options INTEGER NOT NULL DEFAULT 0 CHECK (has_options BETWEEN 0 AND 1);

-- A job that succeeds at once has nothing of either, and most do.
DROP TRIGGER job_gone;
CREATE TRIGGER job_gone AFTER DELETE ON job
WHEN OLD.has_options OR OLD.state = 'pending' OR OLD.attempt > 1 OR OLD.count > 1 BEGIN
    DELETE FROM attempt WHERE owner = OLD.number;
    DELETE FROM job_option WHERE owner = OLD.number;
END;

DROP TRIGGER dead_letter_gone;
CREATE TRIGGER dead_letter_gone AFTER DELETE ON dead_letter BEGIN
    DELETE FROM attempt WHERE owner = -OLD.number;
    DELETE FROM job_option WHERE owner = -OLD.number;
END;

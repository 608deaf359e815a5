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

DROP TRIGGER job_gone;
CREATE TRIGGER job_gone AFTER DELETE ON job BEGIN
    DELETE FROM attempt WHERE owner = OLD.number;
    DELETE FROM job_option WHERE owner = OLD.number;
END;

DROP TRIGGER dead_letter_gone;
CREATE TRIGGER dead_letter_gone AFTER DELETE ON dead_letter BEGIN
    DELETE FROM attempt WHERE owner = -OLD.number;
    DELETE FROM job_option WHERE owner = -OLD.number;
END;

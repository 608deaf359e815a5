-- Names for endpoints that one enqueue reaches together.
CREATE TABLE topic (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Of the name and the endpoints.
    bytes INTEGER NOT NULL,
    -- JSON: an array of strings.
    endpoints TEXT NOT NULL,
    UNIQUE (tenant, name)
) STRICT;

CREATE INDEX topic_of_all ON topic (name, tenant);
-- What a tenant's topics are counted by: none of them is read for that.
CREATE INDEX topic_size ON topic (tenant, bytes);

-- Whose keys are remembered. Without its row here none of a tenant's keys is found, however many there are; they go when
-- they expire. No id comes back.
CREATE TABLE once_tenant (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL UNIQUE
) STRICT;

-- What was enqueued with an Idempotency-Key. The answer comes last: the rest is read without it.
CREATE TABLE once (
    number INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    -- UTF-8, any: SQLite's text ends with the first NUL.
    key BLOB NOT NULL,
    -- SHA-256.
    request BLOB NOT NULL CHECK (length(request) = 32),
    -- In milliseconds since 1970 in UTC.
    expires_at INTEGER NOT NULL,
    answer BLOB NOT NULL,
    UNIQUE (tenant, key)
) STRICT;

CREATE INDEX once_expiry ON once (expires_at);

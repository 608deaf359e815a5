-- What tenants ask with. Their jobs are known by the tenant's name alone: those with a JWT have no token.
CREATE TABLE token (
    tenant TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope = 'all' OR scope = 'enqueue'),
    -- SHA-256: that is how a token is found.
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    -- The token, which deliveries are signed with; sealed by the key of that id, or as it is.
    secret BLOB NOT NULL,
    key_id TEXT,
    issued_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, scope)
) STRICT, WITHOUT ROWID;

-- What deliveries are signed with as Standard Webhooks has it: the last two of each tenant.
CREATE TABLE signing_secret (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    secret BLOB NOT NULL,
    key_id TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX signing_secret_of_tenant ON signing_secret (tenant, id);

-- Revoked tenants whose queues are yet to be deleted: those have the tenant LF number then, and no job of theirs runs. No
-- number comes back.
CREATE TABLE revocation (number INTEGER PRIMARY KEY AUTOINCREMENT) STRICT;

-- Calls and deliveries since somebody asked last.
CREATE TABLE usage (
    tenant TEXT NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL CHECK (count >= 1)
) STRICT, WITHOUT ROWID;

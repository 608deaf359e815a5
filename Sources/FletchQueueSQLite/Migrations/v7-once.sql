-- What the keys of a tenant take up, kept by the database itself: no enqueue adds up what is remembered.
-- Of a row: what it takes of the disk, about, with its places in the indexes.
ALTER TABLE once ADD COLUMN bytes INTEGER AS (128 + 2 * length(key) + length(answer)) VIRTUAL;
-- Of the tenant's rows together.
ALTER TABLE once_tenant ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE once_tenant SET bytes = (SELECT ifnull(sum(once.bytes), 0) FROM once WHERE once.tenant = once_tenant.id);

CREATE TRIGGER once_added AFTER INSERT ON once BEGIN
    UPDATE once_tenant SET bytes = bytes + new.bytes WHERE id = new.tenant;
END;
-- Another request has taken the place of one that has expired.
CREATE TRIGGER once_replaced AFTER UPDATE ON once BEGIN
    UPDATE once_tenant SET bytes = bytes + new.bytes - old.bytes WHERE id = new.tenant;
END;
CREATE TRIGGER once_gone AFTER DELETE ON once BEGIN
    UPDATE once_tenant SET bytes = bytes - old.bytes WHERE id = old.tenant;
END;

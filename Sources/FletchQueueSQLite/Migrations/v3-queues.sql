-- The queues of a tenant, the oldest first.
CREATE INDEX queue_of_tenant ON queue (tenant);

-- The queues of all tenants for an endpoint.
CREATE INDEX queue_of_endpoint ON queue (endpoint);

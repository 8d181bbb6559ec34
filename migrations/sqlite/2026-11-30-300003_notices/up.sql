-- Events that the operator's webhook is told of, each once.
CREATE TABLE notices (
    event      TEXT NOT NULL PRIMARY KEY,  -- what happened: no two servers note the same event
    body       TEXT   NOT NULL,          -- JSON
    created_at BIGINT NOT NULL,
    attempts   BIGINT NOT NULL,
    due_at     BIGINT,                   -- when it is sent next; NULL: it was sent or given up
    sent_at    BIGINT                    -- NULL: it was not sent
) WITHOUT ROWID;
CREATE INDEX notices_by_due ON notices (due_at);

-- What was executed counts on what it wrote, as the gate counts it, and not on the campaign
-- that a proposal named. The client writes every row anew to say what that is.
ALTER TABLE cases ADD COLUMN target TEXT NOT NULL DEFAULT '';
DROP INDEX cases_executed;
CREATE INDEX cases_executed ON cases (target, executed_at_ms) WHERE executed_at_ms IS NOT NULL;
UPDATE case_body SET text_digest = NULL;

-- What tells that a relay has lost records, and what the gate sends then beside its own records.

-- The last position that the relay has named in answer to a push.
ALTER TABLE delivery ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
-- Statements of devices to which the log refers are records of the gate's too, from the first
-- entry up to `filed_again`; after a loss they must be up to `to_file_again`.
ALTER TABLE delivery ADD COLUMN filed_again INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN to_file_again INTEGER NOT NULL DEFAULT 0;

-- What the office has billed: the coins and the house's fee. NULL until it has.
ALTER TABLE sale ADD COLUMN billed INTEGER;

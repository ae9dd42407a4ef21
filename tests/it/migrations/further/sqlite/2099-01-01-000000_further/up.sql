-- What a later release may do: a column that older rows get too, a table made of what is there, and an index.
ALTER TABLE units ADD COLUMN remark TEXT NOT NULL DEFAULT 'none';
CREATE TABLE donors_of_units (
    unit INTEGER PRIMARY KEY REFERENCES units (id),
    donors INTEGER NOT NULL CHECK (donors > 0)
);
INSERT INTO donors_of_units (unit, donors) SELECT unit_id, count(*) FROM donors WHERE unit_id IS NOT NULL GROUP BY unit_id;
CREATE INDEX donors_of_units_by_number ON donors_of_units (donors);

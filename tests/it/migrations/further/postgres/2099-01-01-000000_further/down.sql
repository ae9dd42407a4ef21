DROP TABLE donors_of_units;
ALTER TABLE units DROP COLUMN remark;

// The tests of the driver of Postgres come here.

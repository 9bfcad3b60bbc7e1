// The tests of the driver of Slack come here.

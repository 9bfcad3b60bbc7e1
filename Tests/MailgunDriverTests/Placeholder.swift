// The tests of the driver of Mailgun come here.

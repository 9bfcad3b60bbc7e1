// The driver of Mailgun comes here.

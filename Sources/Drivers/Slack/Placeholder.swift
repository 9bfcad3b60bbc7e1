// The driver of Slack comes here.

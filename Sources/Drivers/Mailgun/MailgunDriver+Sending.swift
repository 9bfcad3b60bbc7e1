public import Basics
public import Drivers
internal import Formats
internal import HTTPClient

extension MailgunDriver: MailSending {
    public var mailSettling: Duration { Self.settling }

    /// Sends a mail; Mailgun takes every post for a new one.
    ///
    /// It bears its tag, by which `sentMail` finds it after a lost answer. Clicks and opens are not tracked: the text
    /// names commands and addresses that have to stay as they are.
    public func send(_ mail: OutgoingMail, _ context: DriverContext) async -> Result<String, ProviderFault> {
        let path = "/v3/\(mail.domain.percentEncoded)/messages"
        let call = ProviderCall("messages.send", "POST", path)
        var fields = [RequestBody.Field("from", mail.from)]
        fields += mail.to.map { RequestBody.Field("to", $0) }
        fields += [
            RequestBody.Field("subject", mail.subject), RequestBody.Field("text", mail.text),
            RequestBody.Field("o:tag", mail.tag), RequestBody.Field("o:tracking", "no"),
        ]
        do throws(ProviderFault) {
            let answer = try await api.send(call, APIRequest("POST", path, body: .multipart(fields)), context)
            guard let id = answer.root?["id"].string, !id.isEmpty else { throw answer.broken("it has no `id`") }
            return .success(id)
        } catch {
            return .failure(error)
        }
    }

    public func sentMail(
        tag: String, domain: String, since: Timestamp, _ context: DriverContext
    ) async -> Result<String?, ProviderFault> {
        let path = "/v3/\(domain.percentEncoded)/events"
        let call = ProviderCall("events.list", "GET", path, permission: Self.role)
        do throws(ProviderFault) {
            let answer = try await api.send(
                call,
                query: [
                    ("begin", Self.seconds(since - .minutes(1))), ("ascending", "yes"), ("limit", "1"), ("tags", tag),
                ], context)
            let found = try answer.list("items") { $0["message"]["headers"]["message-id"].string ?? "" }
            return .success(found.first)
        } catch {
            return .failure(error)
        }
    }
}

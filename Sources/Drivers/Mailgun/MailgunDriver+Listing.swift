public import Basics
internal import DesiredState
internal import Diff
public import Drivers
public import Formats

extension MailgunDriver: MailEventListing {
    public func mailDomains(_ context: DriverContext) async -> Result<[String], ProviderFault> {
        do throws(ProviderFault) {
            return .success(try await listDomains(context).map(\.key.name).sorted())
        } catch {
            return .failure(error)
        }
    }

    public func mailEvents(
        of domain: String, after mark: Value?, from start: Timestamp, _ context: DriverContext
    ) async -> Result<MailEventPage, ProviderFault> {
        let since = mark?["since"]?.instantValue
        let read = mark?["read"]?.listValue?.compactMap(\.stringValue) ?? []
        let cursor = MailgunEventCursor(since: since ?? start, read: Set(read))
        return await events(of: domain, after: cursor, context).map { batch in
            var next = Value.Object()
            next["since"] = .string(batch.next.since.description)
            next["read"] = .strings(batch.next.read.sorted())
            return MailEventPage(items: batch.events.map(\.raw), mark: .object(next), hasMore: batch.hasMore)
        }
    }
}

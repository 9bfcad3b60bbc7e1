import Basics
import Drivers
import Formats
import Store

/// Items of work, by the driver of Plane: one for each matter, which is opened and closed as the matter stands now.
///
/// A message that arrives late tells what was. So what was written about a matter since counts, and an item is never
/// opened by old news.
struct ItemSender: NoticeSender {
    let driver: any WorkItemTracking
    let place: NotificationSettings.Items
    let templates: NoticeTemplates
    let context: DriverContext
    /// Knows what was written since; nil where a message is only tried.
    let store: Store?

    func send(_ claim: NoticeClaim) async -> NoticeAnswer {
        var matters: [String] = []
        var newest: [String: Notice] = [:]
        for notice in claim.notices {
            if newest.updateValue(notice, forKey: notice.matter) == nil { matters.append(notice.matter) }
        }
        do throws(StoreFault) {
            for notice in try await since(claim.notices.last?.id) where newest[notice.matter] != nil {
                newest[notice.matter] = notice
            }
        } catch {
            return .failed(code: error.code, reason: error.message, after: nil, mayHaveArrived: false)
        }
        var receipt: String?
        for matter in matters {
            guard let notice = newest[matter] else { continue }
            switch await driver.track(item(notice, claim), context) {
            case .success(let name): receipt = receipt ?? name
            case .failure(let fault): return NoticeAnswer(fault)
            }
        }
        return .sent(receipt: receipt)
    }

    /// What was written after the notice with an id, in the order of writing.
    private func since(_ last: String?) async throws(StoreFault) -> [Notice] {
        guard let store, var last else { return [] }
        var all: [Notice] = []
        while true {
            let page = try await store.notices(after: last, limit: 1_000)
            all += page
            guard page.count == 1_000, let end = page.last?.id else { return all }
            last = end
        }
    }

    private func item(_ notice: Notice, _ claim: NoticeClaim) -> TrackedItem {
        let letter = NoticeLetter(claim, templates, only: notice)
        return TrackedItem(
            project: place.project, matter: notice.matter, title: letter.title { $0 },
            lines: letter.text(limit: MailSender.limit, hasTitle: false) { $0 }.split(separator: "\n").map(String.init),
            isOpen: notice.kind.ends.isEmpty, isUrgent: notice.kind.severity == .critical, openState: place.state,
            doneState: place.doneState, labels: place.labels)
    }
}

extension Notice {
    /// What it is about: notices of one matter open and close one item.
    var matter: String {
        let area = kind.rawValue.split(separator: ".").first.map(String.init) ?? kind.rawValue
        // Of findings several kinds may have one key.
        let detail = area == "finding" ? payload["kind"]?.stringValue : nil
        return [area, environment, detail, subject].compactMap { $0 }.joined(separator: "/")
    }
}

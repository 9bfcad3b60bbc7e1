import Basics
import HTTPClient
import Store

/// A delivery counts as worked on, and its change is not made.
struct DeliverySwallowed: Mutant {
    let name = "delivery-swallowed"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner, without: "insert into ops.work_items")
    }
}

/// That a run has begun is not written down, nor how it ended.
struct SlotForgotten: Mutant {
    let name = "slot-forgotten"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(
            inner, replacing: "update ops.schedule_slots set state = 'running'",
            with: "update ops.schedule_slots set state = 'waiting'")
    }
}

/// A message counts as sent as soon as somebody takes it.
struct NoticeSentEarly: Mutant {
    let name = "notice-sent-early"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(
            inner, replacing: "update ops.notice_messages set state = 'waiting', attempts",
            with: "update ops.notice_messages set state = 'sent', attempts")
    }
}

/// That a pull request was closed is forgotten, and an older word replaces a newer one.
struct TombstoneUnread: Mutant {
    let name = "tombstone-unread"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner: inner) { (sql, binds, run) throws(StoreFault) -> [SQLRow] in
            let rows = try run(
                sql.replacing("where excluded.updated_at >= pull_requests.updated_at returning", with: "returning"),
                binds)
            guard sql.contains("from ops.pull_requests where repository") else { return rows }
            return rows.filter { $0.optionalText(2) != "closed" }
        }
    }
}

/// What is said on a pull request is said without a look at what stands there.
struct CommentUnsought: Mutant {
    let name = "comment-unsought"

    func transport(_ inner: any HTTPTransport) -> any HTTPTransport {
        TamperedTransport(inner: inner) { (request, inner) async throws(HTTPFault) -> HTTPResponse in
            let response = try await inner.send(request)
            guard request.method == "GET", RequestPlace(request).path.hasSuffix("/comments") else { return response }
            return HTTPResponse(status: response.status, headers: response.headers, body: Array("[]".utf8))
        }
    }
}

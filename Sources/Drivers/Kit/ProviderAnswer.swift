public import Formats
public import HTTPClient

/// The answer to one call.
public struct ProviderAnswer: Sendable {
    public let response: HTTPResponse
    /// Nil where there was no body.
    public let document: JSONDocument?
    public let call: ProviderCall
    let names: ProviderNames

    public var status: Int { response.status }
    public var root: JSONView? { document?.root }
    /// Else it is of an accepted status.
    public var isSuccess: Bool { (200..<300).contains(status) }

    /// The address of the next page in the `Link` header.
    public var nextLink: String? { response.header("link").flatMap(PageLink.next) }

    /// The fault of an answer that lacks what it must have.
    public func broken(_ what: String) -> ProviderFault {
        names.broken(call, status: status, what, requestID: response.requestID)
    }

    /// What `map` makes of the whole answer.
    ///
    /// - Throws: a fault when it makes nothing of it.
    public func object<Item>(_ map: (JSONView) -> Item?) throws(ProviderFault) -> Item {
        guard let root, root.kind == .object, let item = map(root) else {
            throw broken("it is no object with an id and a name")
        }
        return item
    }

    /// What `map` makes of one member.
    ///
    /// - Throws: a fault when it makes nothing of it.
    public func object<Item>(_ member: String, _ map: (JSONView) -> Item?) throws(ProviderFault) -> Item {
        guard let view = root?[member], view.kind == .object, let item = map(view) else {
            throw broken("it has no `\(member)` with an id and a name")
        }
        return item
    }

    /// The items of a list: the answer itself, or one of its members.
    ///
    /// - Parameters:
    ///   - member: nil: the answer is the list.
    ///   - isNullable: whether the provider writes null for an empty list.
    ///   - map: makes an item of a view.
    /// - Returns: every item, in the provider's order.
    /// - Throws: a fault when the list is missing or an item can't be told from others: then it proves nothing.
    public func list<Item>(
        _ member: String? = nil, isNullable: Bool = false, _ map: (JSONView) -> Item?
    ) throws(ProviderFault) -> [Item] {
        let name = member.map { " `\($0)`" } ?? ""
        let view = member.map { root?[$0] } ?? root
        guard let views = view?.items else {
            if isNullable, view?.isNull == true { return [] }
            throw broken("it has no list\(name)")
        }
        var items: [Item] = []
        for view in views {
            guard let item = map(view) else { throw broken("an item of the list\(name) has no id or name") }
            items.append(item)
        }
        return items
    }
}

/// The `Link` header (RFC 8288), as far as pages need it.
enum PageLink {
    /// The address of `rel="next"`.
    static func next(_ header: String) -> String? {
        // An address holds no `<`, so that each one begins a link.
        for link in header.split(separator: "<").dropFirst(header.hasPrefix("<") ? 0 : 1) {
            guard let end = link.firstIndex(of: ">") else { continue }
            let parameters = link[end...].dropFirst().split(whereSeparator: { $0 == ";" || $0 == "," })
            let isNext = parameters.contains { parameter in
                let text = parameter.filter { $0 != " " && $0 != "\"" }.lowercased()
                return text == "rel=next"
            }
            if isNext { return String(link[..<end]) }
        }
        return nil
    }
}

import Formats

/// One page of a list: `page` from 1, `per_page` 20 unless told, at most 200.
struct Paging: Equatable {
    let page: Int
    let size: Int
    /// As the caller sees it: what a shift took away or added is counted.
    let total: Int
    let range: Range<Int>

    static let defaultSize = 20
    static let largestSize = 200

    init(total: Int, page: Int?, size: Int?, shift: Int = 0) {
        self.page = max(1, min(page ?? 1, 1_000_000))
        self.size = max(1, min(size ?? Self.defaultSize, Self.largestSize))
        let moved = self.page > 1 ? shift : 0
        self.total = max(0, total - moved)
        let start = min(max(0, (self.page - 1) * self.size + moved), total)
        range = start..<min(total, start + self.size)
    }

    var lastPage: Int { max(1, (total + size - 1) / size) }

    /// The members of `links`: empty where one page holds all.
    func links(_ call: Call) -> Value.Object {
        guard total > size || page > 1 else { return [:] }
        var rest = ""
        for (name, value) in call.query where name != "page" && name != "per_page" {
            rest += "&\(Self.encode(name))=\(Self.encode(value))"
        }
        if call.parameter("per_page") != nil { rest += "&per_page=\(size)" }
        let address = call.base + "/" + call.path.map(Self.encode).joined(separator: "/")
        func link(_ page: Int) -> Value { .string("\(address)?page=\(page)\(rest)") }
        var pages = Value.Object()
        if page > 1 {
            pages["first"] = link(1)
            pages["prev"] = link(page - 1)
        }
        if page < lastPage {
            pages["next"] = link(page + 1)
            pages["last"] = link(lastPage)
        }
        return ["pages": .object(pages)]
    }

    /// Percent-encodes all but the unreserved characters (RFC 3986).
    static func encode(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), 45, 46, 95, 126:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}

extension Call {
    /// The page that the query asks for.
    func paging(total: Int) -> Paging {
        Paging(
            total: total, page: parameter("page").flatMap { Int($0) }, size: parameter("per_page").flatMap { Int($0) },
            shift: shift)
    }

    /// A page of a list whose items append their own JSON.
    func list(_ name: String, count: Int, append: (Int, inout [UInt8]) -> Void) -> Answer {
        let paging = paging(total: count)
        var body: [UInt8] = []
        body.reserveCapacity(256 + paging.range.count * 2_560)
        body.append(text: "{\"\(name)\":[")
        for index in paging.range {
            if index > paging.range.lowerBound { body.append(UInt8(ascii: ",")) }
            append(index, &body)
        }
        body.append(text: "],\"links\":")
        body.append(json: paging.links(self))
        body.append(text: ",\"meta\":{\"total\":\(paging.total)}}")
        return Answer(status: 200, body: body)
    }

    func list(_ name: String, _ items: [Value.Object]) -> Answer {
        list(name, count: items.count) { index, body in body.append(json: items[index]) }
    }
}

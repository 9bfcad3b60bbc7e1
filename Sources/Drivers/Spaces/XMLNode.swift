internal import CExpat

/// One element of an XML document: its name without a prefix, its text, the elements in it.
///
/// S3 says nothing by attributes, so they are left out.
struct XMLNode: Sendable, Hashable {
    let name: String
    /// All text directly in it, one piece after the other.
    var text = ""
    var children: [XMLNode] = []

    init(_ name: String) { self.name = name }

    /// The first element of a name; nil where there is none.
    subscript(name: String) -> XMLNode? { children.first { $0.name == name } }

    /// Every element of a name, in order.
    func all(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }

    /// The text of the first element of a name; nil where there is none.
    func text(_ name: String) -> String? { self[name]?.text }

    /// A whole number in the first element of a name; nil where there is none.
    func int(_ name: String) -> Int64? { text(name).flatMap { Int64($0) } }

    /// Reads a whole document, by libexpat.
    ///
    /// Document types are refused, and with them all entities of somebody's own making; so are documents that are
    /// nested deeper than 32 levels or hold more than a million elements.
    ///
    /// - Throws: `XMLFault` with the line.
    static func parse(_ bytes: [UInt8]) throws(XMLFault) -> XMLNode {
        guard let parser = XML_ParserCreate("UTF-8") else { throw XMLFault(message: "no memory for a parser", line: 0) }
        defer { XML_ParserFree(parser) }
        let builder = XMLBuilder(parser)
        // The builder outlives the parser's use: it is held by this function.
        XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
        XML_SetElementHandler(parser, beginElement, endElement)
        XML_SetCharacterDataHandler(parser, addText)
        XML_SetStartDoctypeDeclHandler(parser, refuseDocumentType)
        let status = bytes.withUnsafeBytes { buffer in
            XML_Parse(
                parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(clamping: buffer.count), 1)
        }
        let line = Int(XML_GetCurrentLineNumber(parser))
        if let refusal = builder.refusal { throw XMLFault(message: refusal, line: line) }
        guard status == XML_STATUS_OK, let root = builder.root else {
            let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "no element"
            throw XMLFault(message: reason, line: line)
        }
        return root
    }
}

/// Why a document can't be read.
struct XMLFault: Error, Hashable {
    let message: String
    let line: Int
}

/// Gathers what the parser tells, on the thread that parses.
private final class XMLBuilder {
    private let parser: XML_Parser
    private var open: [XMLNode] = []
    private var count = 0
    private(set) var root: XMLNode?
    private(set) var refusal: String?

    init(_ parser: XML_Parser) { self.parser = parser }

    func begin(_ name: UnsafePointer<CChar>) {
        count += 1
        guard open.count < 32 else { return refuse("the elements are nested too deep") }
        guard count <= 1_000_000 else { return refuse("there are too many elements") }
        let full = String(cString: name)
        open.append(XMLNode(full.split(separator: ":").last.map(String.init) ?? full))
    }

    func end() {
        guard let node = open.popLast() else { return }
        if open.isEmpty { root = node } else { open[open.count - 1].children.append(node) }
    }

    func add(_ text: UnsafeBufferPointer<UInt8>) {
        guard !open.isEmpty else { return }
        open[open.count - 1].text += String(decoding: text, as: UTF8.self)
    }

    func refuse(_ reason: String) {
        refusal = refusal ?? reason
        XML_StopParser(parser, 0)
    }
}

private func builder(_ data: UnsafeMutableRawPointer?) -> XMLBuilder? {
    data.map { Unmanaged<XMLBuilder>.fromOpaque($0).takeUnretainedValue() }
}

private let beginElement: XML_StartElementHandler = { data, name, _ in
    if let name { builder(data)?.begin(name) }
}

private let endElement: XML_EndElementHandler = { data, _ in builder(data)?.end() }

private let addText: XML_CharacterDataHandler = { data, text, count in
    guard let text, count > 0 else { return }
    text.withMemoryRebound(to: UInt8.self, capacity: Int(count)) { bytes in
        builder(data)?.add(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }
}

private let refuseDocumentType: XML_StartDoctypeDeclHandler = { data, _, _, _, _ in
    builder(data)?.refuse("it declares a document type")
}

/// Text as it may stand between two tags.
func xmlEscaped(_ text: String) -> String {
    var output: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "&"): output += Array("&amp;".utf8)
        case UInt8(ascii: "<"): output += Array("&lt;".utf8)
        case UInt8(ascii: ">"): output += Array("&gt;".utf8)
        case 0x0D: output += Array("&#13;".utf8)
        default: output.append(byte)
        }
    }
    return String(decoding: output, as: UTF8.self)
}

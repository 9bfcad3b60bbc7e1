import Basics
import CYaml

/// Builds the tree from libyaml's events.
///
/// Lists and mappings under way stand on stacks of our own, never on the call stack, so that no nesting can exhaust it.
/// Their items lie one behind the other on one stack for all, and each list takes its own off when it closes.
struct YAMLReader: ~Copyable {
    private struct Frame {
        let isMap: Bool
        let line: Int32
        let column: Int32
        /// Where its first item or entry stands on the stack.
        let start: Int
        /// A key came, and its value comes next.
        var hasKey = false
        /// The entry whose key stands once more, while its value is read.
        var repeated: Int?
    }

    /// Beyond as many entries a key is looked up rather than searched for.
    private static let searchLimit = 64
    /// A file with more faults than this names only the first ones.
    private static let diagnosticLimit = 50

    private let file: String
    private let limits: YAMLLimits
    private var frames: [Frame] = []
    private var items = RunStack<Node>()
    private var entries = RunStack<Node.Entry>()
    /// Of each entry, so that different keys are told apart by one comparison.
    private var prints: [KeyPrint] = []
    /// Where each key stands on the stack of entries, by the start of its mapping; only of large mappings.
    private var positions: [Int: [String: Int]] = [:]
    /// What the slices of the tree refer to, and its bytes as far as they are read.
    private let texts = TextSlice.Texts()
    private var letters: [UInt8] = []
    private var root: Node?
    private var diagnostics: [Diagnostic] = []
    private var nodeCount = 0
    private var aliasCount = 0
    private var documentCount = 0
    /// Something was met that makes the whole tree untrustworthy.
    private var isRefused = false

    init(file: String, limits: YAMLLimits) {
        self.file = file
        self.limits = limits
    }

    mutating func read(_ bytes: [UInt8]) -> YAMLDocument {
        let source = YAMLSource(bytes: bytes, file: file)
        if let refusal = source.refusal(limits) {
            return YAMLDocument(root: nil, diagnostics: [refusal], nodeCount: 0, aliasCount: 0)
        }
        letters.reserveCapacity(bytes.count / 2)
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            report(.error, FormatCode.limit, "there is not enough memory to read the file", 1, 1)
            return document()
        }
        defer { yaml_parser_delete(parser) }
        bytes.withUnsafeBufferPointer { buffer in
            // An empty array has no base address, and libyaml asserts that there is one.
            var nothing: UInt8 = 0
            if let base = buffer.baseAddress {
                yaml_parser_set_input_string(parser, base, buffer.count)
                readEvents(parser, source)
            } else {
                withUnsafePointer(to: &nothing) {
                    yaml_parser_set_input_string(parser, $0, 0)
                    readEvents(parser, source)
                }
            }
        }
        // libyaml has looked at each character that it read, and says less of a wrong one.
        if isRefused, let bad = source.badCharacter() {
            return YAMLDocument(root: nil, diagnostics: [bad], nodeCount: 0, aliasCount: 0)
        }
        if root == nil, !isRefused {
            report(
                .warning, FormatCode.empty, "the file holds no document", 1, 1,
                hint: "delete the file, or write what should be there")
        }
        texts.set(letters)
        letters = []
        return document()
    }

    private func document() -> YAMLDocument {
        YAMLDocument(
            root: isRefused ? nil : root, diagnostics: diagnostics.sorted(), nodeCount: nodeCount,
            aliasCount: aliasCount)
    }

    private mutating func readEvents(_ parser: UnsafeMutablePointer<yaml_parser_t>, _ source: YAMLSource) {
        var event = yaml_event_t()
        while true {
            guard yaml_parser_parse(parser, &event) == 1 else {
                isRefused = true
                // Where two sides of a merge stand, what libyaml stumbles over is a line of one of them.
                diagnostics.append(
                    MergeConflict.diagnostic(of: source.bytes, file: file, code: FormatCode.syntax)
                        ?? YAMLProblem(parser.pointee, source).diagnostic())
                return
            }
            let isLast = event.type == YAML_STREAM_END_EVENT
            let goesOn = take(&event, source)
            yaml_event_delete(&event)
            if isLast || !goesOn { return }
        }
    }

    /// False when nothing more is to be read.
    private mutating func take(_ event: inout yaml_event_t, _ source: YAMLSource) -> Bool {
        let line = Int32(clamping: event.start_mark.line + 1)
        let column = Int32(clamping: event.start_mark.column + 1)
        switch event.type {
        case YAML_SCALAR_EVENT:
            if event.data.scalar.anchor != nil || event.data.scalar.tag != nil {
                refuseProperties(event.data.scalar.anchor, event.data.scalar.tag, line, column)
            }
            let bytes = UnsafeBufferPointer(start: event.data.scalar.value, count: event.data.scalar.length)
            let isPlain = event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE
            if isPlain, event.end_mark.line > event.start_mark.line {
                refuseSwallowedItem(String(decoding: bytes, as: UTF8.self), event, source)
            }
            if isAtKey {
                return addKey(String(decoding: bytes, as: UTF8.self), KeyPrint(bytes), isPlain: isPlain, line, column)
            }
            return add(Node(.scalar(scalar(bytes, isPlain: isPlain)), line: line, column: column))
        case YAML_SEQUENCE_START_EVENT:
            refuseProperties(event.data.sequence_start.anchor, event.data.sequence_start.tag, line, column)
            return open(isMap: false, line, column)
        case YAML_MAPPING_START_EVENT:
            refuseProperties(event.data.mapping_start.anchor, event.data.mapping_start.tag, line, column)
            return open(isMap: true, line, column)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return close()
        case YAML_DOCUMENT_START_EVENT:
            documentCount += 1
            guard documentCount > 1 else { return true }
            refuse(
                FormatCode.secondDocument, "a second document starts here; a file holds one", line, column,
                hint: "move what follows the '---' into a file of its own")
            return false
        case YAML_ALIAS_EVENT:
            aliasCount += 1
            refuse(
                FormatCode.alias, "an alias ('*') stands here; aliases are not read", line, column,
                hint: "write the value out; a text that starts with '*' needs quotes")
            if isAtKey { return addKey("*", KeyPrint("*"), isPlain: false, line, column) }
            return add(Node(.scalar(Node.Scalar(text: "*", isPlain: false)), line: line, column: column))
        default: return true
        }
    }

    /// A plain text may go on over lines, and a `- ` at the beginning of one is then a part of the text.
    ///
    /// Nobody means that: the item is at another column than those before it, and would be gone without a word.
    private mutating func refuseSwallowedItem(_ text: String, _ event: borrowing yaml_event_t, _ source: YAMLSource) {
        guard text.contains(" - ") || text.hasSuffix(" -") else { return }
        let lines = SourceLines(source.bytes)
        for number in event.start_mark.line + 2...event.end_mark.line + 1 {
            let line = lines.bytes(of: number)
            let rest = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard rest.first == UInt8(ascii: "-"), rest.count == 1 || rest.dropFirst().first == UInt8(ascii: " ") else {
                continue
            }
            return refuse(
                FormatCode.swallowedItem, "this item is read as a part of the text before it",
                Int32(clamping: number), Int32(clamping: line.count - rest.count + 1),
                hint: "begin it at the column of the other items; a text that goes on over lines needs '>' or quotes")
        }
    }

    // MARK: Building

    private var isAtKey: Bool {
        guard let top = frames.last else { return false }
        return top.isMap && !top.hasKey
    }

    private mutating func scalar(_ bytes: UnsafeBufferPointer<UInt8>, isPlain: Bool) -> Node.Scalar {
        guard !isPlain || bytes.first.map({ !YAMLScalar.canBeOther($0) }) ?? false else {
            return Node.Scalar(text: String(decoding: bytes, as: UTF8.self), isPlain: isPlain)
        }
        // A string of up to fifteen bytes is no allocation.
        guard bytes.count > 15, let slice = TextSlice(texts, start: letters.count, count: bytes.count) else {
            return Node.Scalar(string: String(decoding: bytes, as: UTF8.self), isPlain: isPlain)
        }
        letters.append(contentsOf: bytes)
        return Node.Scalar(slice, isPlain: isPlain)
    }

    private mutating func addKey(
        _ text: consuming String, _ print: KeyPrint, isPlain: Bool, _ line: Int32, _ column: Int32
    ) -> Bool {
        if isPlain, text.isEmpty {
            refuse(
                FormatCode.key, "a key is missing before the colon", line, column,
                hint: "write the key, or quote the text")
            return false
        }
        if isPlain, text == "<<" {
            refuse(
                FormatCode.mergeKey, "a merge key ('<<') stands here; merge keys are not read", line, column,
                hint: "write the merged keys out")
        }
        let top = frames.count - 1
        frames[top].hasKey = true
        if let earlier = indexOfEntry(text, print, from: frames[top].start) {
            frames[top].repeated = earlier
            let mark = entries[earlier].keyMark(in: file)
            report(
                .error, FormatCode.duplicateKey,
                "the key '\(Redaction.redact(text))' stands twice in one mapping; it stood first in line \(mark.line)",
                line, column, hint: "keep one of the two; until then neither is used",
                notes: [Diagnostic.Note("the first one", at: mark)])
            let nothing = Node(.scalar(Node.Scalar(string: "", isPlain: true)), line: line, column: column)
            entries[earlier].addDuplicate(
                Node.Entry.Duplicate(position: Node.Position(line: line, column: column), value: nothing))
        } else {
            // Its value takes the place of the empty text as soon as it is read.
            let nothing = Node(.scalar(Node.Scalar(string: "", isPlain: true)), line: line, column: column)
            entries.push(Node.Entry(key: text, keyLine: line, keyColumn: column, value: nothing))
            prints.append(print)
        }
        return count(line, column)
    }

    private mutating func indexOfEntry(_ key: String, _ print: KeyPrint, from start: Int) -> Int? {
        guard entries.count - start > Self.searchLimit else {
            for index in start..<entries.count
            where prints[index].canBeEqual(to: print) && entries[index].key == key { return index }
            return nil
        }
        let known = positions[start]?.count ?? 0
        for index in start + known..<entries.count { positions[start, default: [:]][entries[index].key] = index }
        return positions[start]?[key]
    }

    private mutating func add(_ node: consuming Node) -> Bool {
        let (line, column) = (node.line, node.column)
        guard let top = frames.indices.last else {
            root = consume node
            return count(line, column)
        }
        if !frames[top].isMap {
            items.push(consume node)
        } else if frames[top].hasKey {
            // What stood on the stack behind the key has been taken off: the key is the last one again.
            if let repeated = frames[top].repeated {
                entries[repeated].setLastDuplicate(consume node)
            } else {
                entries[entries.count - 1].value = consume node
            }
            frames[top].hasKey = false
            frames[top].repeated = nil
        } else {
            refuse(
                FormatCode.key, "\(node.shapeName) stands where a key should be", line, column,
                hint: "a key is a text; quote a value that starts with '{' or '['")
            return false
        }
        return count(line, column)
    }

    private mutating func count(_ line: Int32, _ column: Int32) -> Bool {
        nodeCount += 1
        guard nodeCount > limits.maximumNodes else { return diagnostics.count < Self.diagnosticLimit || !isRefused }
        refuse(
            FormatCode.limit, "the file has more than \(limits.maximumNodes) values and keys", line, column,
            hint: "split the file")
        return false
    }

    private mutating func open(isMap: Bool, _ line: Int32, _ column: Int32) -> Bool {
        guard frames.count < limits.maximumDepth else {
            refuse(
                FormatCode.limit, "the file is nested deeper than \(limits.maximumDepth) levels", line, column)
            return false
        }
        frames.append(Frame(isMap: isMap, line: line, column: column, start: isMap ? entries.count : items.count))
        return true
    }

    private mutating func close() -> Bool {
        guard let frame = frames.popLast() else { return false }
        guard frame.isMap else {
            return add(Node(.list(items.takeRun(from: frame.start)), line: frame.line, column: frame.column))
        }
        if !positions.isEmpty { positions[frame.start] = nil }
        prints.removeLast(prints.count - frame.start)
        return add(Node(.map(entries.takeRun(from: frame.start)), line: frame.line, column: frame.column))
    }

    // MARK: Refusing

    private mutating func refuseProperties(
        _ anchor: UnsafeMutablePointer<UInt8>?, _ tag: UnsafeMutablePointer<UInt8>?, _ line: Int32, _ column: Int32
    ) {
        if anchor != nil {
            aliasCount += 1
            refuse(
                FormatCode.alias, "an anchor ('&') stands here; anchors are not read", line, column,
                hint: "write the value out where it is needed; a text that starts with '&' needs quotes")
        }
        if tag != nil {
            refuse(
                FormatCode.tag, "a tag ('!') stands here; tags are not read", line, column,
                hint: "remove the tag; a text that starts with '!' needs quotes")
        }
    }

    private mutating func refuse(_ code: String, _ message: String, _ line: Int32, _ column: Int32, hint: String? = nil)
    {
        isRefused = true
        report(.error, code, message, line, column, hint: hint)
    }

    private mutating func report(
        _ severity: Diagnostic.Severity, _ code: String, _ message: String, _ line: Int32, _ column: Int32,
        hint: String? = nil, notes: [Diagnostic.Note] = []
    ) {
        guard diagnostics.count < Self.diagnosticLimit || code != FormatCode.alias else { return }
        diagnostics.append(
            Diagnostic(
                severity, code, message, at: SourceMark(file: file, line: Int(line), column: Int(column)), hint: hint,
                notes: notes))
    }
}

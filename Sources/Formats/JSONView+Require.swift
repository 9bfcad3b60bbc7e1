import SimdjsonShim

/// Values without which an answer can't be understood: the fault names the path, never the value.
extension JSONView {
    /// Where the value stands, as in `droplets[3].size.slug`; empty for the root and for what is missing.
    public var path: String {
        guard exists else { return "" }
        var text = ""
        var position = 0
        while position != index {
            let isObject = storage.kind(position) == JSON_KIND_OBJECT
            var child = position + 1
            var ordinal = 0
            while true {
                let value = isObject ? child + 1 : child
                let next = storage.next(value)
                if index < next {
                    if isObject {
                        text += (text.isEmpty ? "" : ".") + storage.text(child)
                    } else {
                        text += "[\(ordinal)]"
                    }
                    position = value
                    break
                }
                child = next
                ordinal += 1
            }
        }
        return text
    }

    /// A string that must be there.
    ///
    /// - Throws: `JSONFault` FMT-0105 when it is missing or something else.
    public func requireString(_ name: String) throws(JSONFault) -> String {
        guard let value = self[name].string else { throw fault(name, "a string") }
        return value
    }

    /// A whole number that must be there.
    ///
    /// - Throws: `JSONFault` FMT-0105 when it is missing or something else.
    public func requireInt(_ name: String) throws(JSONFault) -> Int64 {
        guard let value = self[name].int else { throw fault(name, "a whole number") }
        return value
    }

    /// A boolean that must be there.
    ///
    /// - Throws: `JSONFault` FMT-0105 when it is missing or something else.
    public func requireBool(_ name: String) throws(JSONFault) -> Bool {
        guard let value = self[name].bool else { throw fault(name, "true or false") }
        return value
    }

    /// A list that must be there, perhaps empty.
    ///
    /// - Throws: `JSONFault` FMT-0105 when it is missing or something else: an answer without its list proves nothing
    ///   about what there is.
    public func requireItems(_ name: String) throws(JSONFault) -> Items {
        guard let items = self[name].items else { throw fault(name, "a list") }
        return items
    }

    /// An object that must be there.
    ///
    /// - Throws: `JSONFault` FMT-0105 when it is missing or something else.
    public func requireObject(_ name: String) throws(JSONFault) -> JSONView {
        let view = self[name]
        guard view.kind == .object else { throw fault(name, "an object") }
        return view
    }

    private func fault(_ name: String, _ expected: String) -> JSONFault {
        let path = path
        let full = path.isEmpty ? name : path + "." + name
        let found: String? =
            switch self[name].kind {
            case .missing: nil
            case .null: "null"
            case .bool: "a boolean"
            case .int, .number: "a number"
            case .string: "a string"
            case .list: "a list"
            case .object: "an object"
            }
        guard let found else { return JSONFault(shape: "\(expected) is missing", path: full) }
        return JSONFault(shape: "\(expected) was expected and \(found) was found", path: full)
    }
}

/// The codes of what can be wrong with a YAML file; a code never changes its meaning.
enum FormatCode {
    static let encoding = "FMT-0001"
    static let syntax = "FMT-0002"
    static let duplicateKey = "FMT-0003"
    static let alias = "FMT-0004"
    static let tag = "FMT-0005"
    static let mergeKey = "FMT-0006"
    static let secondDocument = "FMT-0007"
    static let limit = "FMT-0008"
    static let empty = "FMT-0009"
    static let key = "FMT-0010"
    static let swallowedItem = "FMT-0011"
}

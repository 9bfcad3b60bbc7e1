internal import Basics

/// The three shapes of a date in a header (RFC 9110, 5.6.7).
enum HTTPDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// - Returns: nil when it is none of the three, or a day that the calendar doesn't have.
    static func parse(_ text: String) -> Timestamp? {
        let parts = text.lowercased().split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        if parts.count == 6, parts[5] == "gmt" {
            // Sun, 06 Nov 1994 08:49:37 GMT and Sunday, 06-Nov-94 08:49:37 GMT
            return instant(day: parts[1], month: parts[2], year: parts[3], clock: parts[4])
        }
        guard parts.count == 5 else { return nil }
        // Sun Nov  6 08:49:37 1994
        return instant(day: parts[2], month: parts[1], year: parts[4], clock: parts[3])
    }

    private static func instant(day: String, month: String, year: String, clock: String) -> Timestamp? {
        guard let month = months.firstIndex(of: month), let day = UInt8(day), var year = UInt16(year) else {
            return nil
        }
        // Two digits are of the years 1970 to 2069.
        if year < 100 { year += year < 70 ? 2_000 : 1_900 }
        let pad = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return Timestamp("\(year)-\(pad(month + 1))-\(pad(Int(day)))T\(clock)Z")
    }
}

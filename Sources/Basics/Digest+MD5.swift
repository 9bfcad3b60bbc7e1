internal import CCrypto

/// MD5 (RFC 1321), which S3 asks for in `Content-MD5` and gives as `ETag`; proves nothing against anybody's will.
public func md5(_ bytes: [UInt8]) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: 16)
    var length: UInt32 = 16
    EVP_Digest(bytes, bytes.count, &output, &length, EVP_md5(), nil)
    return output
}

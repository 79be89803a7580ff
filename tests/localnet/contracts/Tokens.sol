// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// Things of which there is one each (ERC-721, as much as it takes to ask for an owner).
contract Deeds {
    mapping(uint256 => address) private owners;

    function give(uint256 token, address owner) external {
        owners[token] = owner;
    }

    function ownerOf(uint256 token) external view returns (address) {
        require(owners[token] != address(0), "no such token");
        return owners[token];
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == 0x80ac58cd;
    }
}

/// Things that many may have (ERC-1155, as much as it takes to say so).
contract Coins {
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == 0xd9b67a26;
    }
}

// What a seller's program does with npm's amazon-sp-api, unchanged but for where it connects.
// Usage: seller.cjs MODULES SANDBOX SELLER SKU; CLIENT_ID, CLIENT_SECRET and REFRESH_TOKEN in the environment.
// Prints as JSON what it got.
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');

const [modules, sandbox, seller, sku] = process.argv.slice(2);
const { hostname, port } = new URL(sandbox);
https.request = (options, answered) => http.request({ ...options, hostname, port }, answered);
const SellingPartner = require(path.join(modules, 'amazon-sp-api'));

const UK = 'A1F83G8C2ARO7P';

async function main() {
  const amazon = new SellingPartner({
    region: 'eu',
    refresh_token: process.env.REFRESH_TOKEN,
    credentials: {
      SELLING_PARTNER_APP_CLIENT_ID: process.env.CLIENT_ID,
      SELLING_PARTNER_APP_CLIENT_SECRET: process.env.CLIENT_SECRET,
    },
  });
  const call = (operation, endpoint, request) => amazon.callAPI({ operation, endpoint, ...request });
  const marketplaces = await call('getMarketplaceParticipations', 'sellers', {});
  const query = { lastUpdatedAfter: '2020-01-01T00:00:00Z', marketplaceIds: [UK], includedData: ['FULFILLMENT'] };
  const { orders } = await call('searchOrders', 'orders', { query, options: { version: '2026-01-01' } });
  const one = await call('getOrder', 'orders', { path: { orderId: orders[0].orderId }, options: { version: '2026-01-01' } });
  const listing = await call('getListingsItem', 'listingsItems', {
    path: { sellerId: seller, sku },
    query: { marketplaceIds: [UK] },
    options: { version: '2021-08-01' },
  });
  const report = await amazon.downloadReport({
    body: { reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA', marketplaceIds: [UK] },
    interval: 1000,
  });
  return {
    marketplaces: marketplaces.length,
    orders: orders.length,
    same: one.order.orderId === orders[0].orderId,
    sku: listing.sku,
    listed: report.includes(sku),
  };
}

main().then((got) => console.log(JSON.stringify(got)));

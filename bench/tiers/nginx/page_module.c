/* SPDX-License-Identifier: Apache-2.0 */
/* nginx with the application behind a function: `tiers_page;` in a location answers its requests by tiers_page. */
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "tiers.h"

static ngx_int_t page_handler(ngx_http_request_t *request)
{
    ngx_int_t status;
    ngx_buf_t *page;
    ngx_chain_t out;
    int32_t size;
    if (!(request->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)))
        return NGX_HTTP_NOT_ALLOWED;
    status = ngx_http_discard_request_body(request);
    if (status != NGX_OK)
        return status;
    page = ngx_create_temp_buf(request->pool, TIERS_PAGE_MAX);
    if (!page)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    size = tiers_page((const char *)request->unparsed_uri.data, (uint32_t)request->unparsed_uri.len, (char *)page->pos, TIERS_PAGE_MAX);
    if (size < 0 || size > TIERS_PAGE_MAX)
        return NGX_HTTP_BAD_GATEWAY;
    page->last = page->pos + size;
    page->last_buf = request == request->main;
    page->last_in_chain = 1;
    request->headers_out.status = NGX_HTTP_OK;
    request->headers_out.content_length_n = size;
    ngx_str_set(&request->headers_out.content_type, "text/html");
    status = ngx_http_send_header(request);
    if (status == NGX_ERROR || status > NGX_OK || request->header_only)
        return status;
    out.buf = page;
    out.next = NULL;
    return ngx_http_output_filter(request, &out);
}

static char *page_set(ngx_conf_t *conf, ngx_command_t *command, void *data)
{
    ngx_http_core_loc_conf_t *location = ngx_http_conf_get_module_loc_conf(conf, ngx_http_core_module);
    (void)command, (void)data;
    location->handler = page_handler;
    return NGX_CONF_OK;
}

static ngx_command_t page_commands[] = {
    {ngx_string("tiers_page"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, page_set, 0, 0, NULL},
    ngx_null_command,
};
static ngx_http_module_t page_context = {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL};
ngx_module_t ngx_http_tiers_module = {
    NGX_MODULE_V1, &page_context, page_commands, NGX_HTTP_MODULE, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NGX_MODULE_V1_PADDING,
};
